package dev.mor4j.server;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * Where a server listens, who may use it, and how much of it a client may take.
 *
 * @param host name or address to listen at; beyond this machine only with an {@code apiKey}
 * @param port to listen at; 0 for any that is free
 * @param modelName what clients call the model: letters, digits and {@code ._-:}, up to 128
 * @param apiKey what clients have to show; empty for nothing
 * @param maxBodyBytes most bytes of a request's body
 * @param maxHeaderBytes most bytes of a request's headers
 * @param headerTimeout within which a connection has to have sent all headers of its first request,
 *     and of the next one after each response; so also how long it may idle
 * @param bodyTimeout within which the whole body has to arrive
 * @param writeTimeout within which a client has to take each piece of a response
 * @param maxConnections most connections at a time; more wait to be accepted
 * @param maxPrompts most prompts of one request
 */
public record ServerOptions(
    String host,
    int port,
    String modelName,
    Optional<ApiKey> apiKey,
    int maxBodyBytes,
    int maxHeaderBytes,
    Duration headerTimeout,
    Duration bodyTimeout,
    Duration writeTimeout,
    int maxConnections,
    int maxPrompts) {
  private static final Duration LONGEST = Duration.ofDays(1);

  /**
   * Port 8080 of the loopback address, no key; bodies of 1 MiB, headers of 16 KiB; 10 seconds for
   * headers, 30 for a body and 30 for taking a piece of a response; 1024 connections; 16 prompts.
   */
  public static ServerOptions of(String modelName) {
    return new ServerOptions(
        "127.0.0.1",
        8080,
        modelName,
        Optional.empty(),
        1 << 20,
        16 << 10,
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        1024,
        16);
  }

  public ServerOptions {
    Objects.requireNonNull(apiKey, "apiKey");
    require(!host.isBlank(), "host", "'" + host + "'", "a name or an address");
    require(port >= 0 && port <= 65535, "port", port, "0 to 65535");
    require(
        modelName.matches("[A-Za-z0-9._:-]{1,128}"),
        "the model's name",
        "'" + modelName + "'",
        "up to 128 letters, digits, '.', '_', '-' and ':'");
    require(
        maxBodyBytes >= 1024 && maxBodyBytes <= 1 << 30,
        "maxBodyBytes",
        maxBodyBytes,
        "1 KiB to 1 GiB");
    require(
        maxHeaderBytes >= 1024 && maxHeaderBytes <= 1 << 20,
        "maxHeaderBytes",
        maxHeaderBytes,
        "1 KiB to 1 MiB");
    requireTime("headerTimeout", headerTimeout);
    requireTime("bodyTimeout", bodyTimeout);
    requireTime("writeTimeout", writeTimeout);
    require(
        maxConnections >= 1 && maxConnections <= 1 << 16,
        "maxConnections",
        maxConnections,
        "1 to 65536");
    require(maxPrompts >= 1 && maxPrompts <= 4096, "maxPrompts", maxPrompts, "1 to 4096");
  }

  private static void requireTime(String name, Duration value) {
    boolean holds = !value.isNegative() && !value.isZero() && value.compareTo(LONGEST) <= 0;
    require(holds, name, value, "more than zero, at most a day");
  }

  private static void require(boolean holds, String name, Object found, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(name + " is " + found + ", expected " + expected);
    }
  }

  public ServerOptions withAddress(String newHost, int newPort) {
    return new ServerOptions(
        newHost,
        newPort,
        modelName,
        apiKey,
        maxBodyBytes,
        maxHeaderBytes,
        headerTimeout,
        bodyTimeout,
        writeTimeout,
        maxConnections,
        maxPrompts);
  }

  public ServerOptions withApiKey(ApiKey value) {
    return new ServerOptions(
        host,
        port,
        modelName,
        Optional.of(value),
        maxBodyBytes,
        maxHeaderBytes,
        headerTimeout,
        bodyTimeout,
        writeTimeout,
        maxConnections,
        maxPrompts);
  }

  public ServerOptions withMaxBodyBytes(int value) {
    return new ServerOptions(
        host,
        port,
        modelName,
        apiKey,
        value,
        maxHeaderBytes,
        headerTimeout,
        bodyTimeout,
        writeTimeout,
        maxConnections,
        maxPrompts);
  }

  public ServerOptions withTimeouts(Duration header, Duration body, Duration write) {
    return new ServerOptions(
        host,
        port,
        modelName,
        apiKey,
        maxBodyBytes,
        maxHeaderBytes,
        header,
        body,
        write,
        maxConnections,
        maxPrompts);
  }

  public ServerOptions withMaxConnections(int value) {
    return new ServerOptions(
        host,
        port,
        modelName,
        apiKey,
        maxBodyBytes,
        maxHeaderBytes,
        headerTimeout,
        bodyTimeout,
        writeTimeout,
        value,
        maxPrompts);
  }
}
