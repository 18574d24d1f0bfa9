package dev.mor4j.server;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * Where a server listens, who may use it, and how much of it a client may take. Immutable; begin
 * with {@link #of} and change what differs with the {@code with…} methods, each of which checks its
 * values.
 */
public final class ServerOptions {
  private static final Duration LONGEST = Duration.ofDays(1);

  private final String modelName;
  private final Address address;
  private final Optional<ApiKey> apiKey;
  private final Sizes sizes;
  private final Timeouts timeouts;

  private record Address(String host, int port) {
    private Address {
      Objects.requireNonNull(host, "host");
      require(!host.isBlank(), "host", "'" + host + "'", "a name or an address");
      require(port >= 0 && port <= 65535, "port", port, "0 to 65535");
    }
  }

  private record Sizes(
      int bodyBytes, int headerBytes, int connections, int perAddress, int prompts) {
    private Sizes {
      require(
          bodyBytes >= 1024 && bodyBytes <= 1 << 30, "maxBodyBytes", bodyBytes, "1 KiB to 1 GiB");
      require(
          headerBytes >= 1024 && headerBytes <= 1 << 20,
          "maxHeaderBytes",
          headerBytes,
          "1 KiB to 1 MiB");
      require(
          connections >= 1 && connections <= 1 << 16, "maxConnections", connections, "1 to 65536");
      require(
          perAddress >= 1 && perAddress <= 1 << 16,
          "maxConnectionsPerAddress",
          perAddress,
          "1 to 65536");
      require(prompts >= 1 && prompts <= 4096, "maxPrompts", prompts, "1 to 4096");
    }
  }

  private record Timeouts(Duration header, Duration body, Duration write) {
    private Timeouts {
      requireTime("headerTimeout", header);
      requireTime("bodyTimeout", body);
      requireTime("writeTimeout", write);
    }
  }

  private ServerOptions(
      String modelName, Address address, Optional<ApiKey> apiKey, Sizes sizes, Timeouts timeouts) {
    Objects.requireNonNull(modelName, "modelName");
    require(
        modelName.matches("[A-Za-z0-9._:-]{1,128}"),
        "the model's name",
        "'" + modelName + "'",
        "up to 128 letters, digits, '.', '_', '-' and ':'");
    this.modelName = modelName;
    this.address = address;
    this.apiKey = apiKey;
    this.sizes = sizes;
    this.timeouts = timeouts;
  }

  /**
   * Port 8080 of the loopback address, no key; bodies of 1 MiB, headers of 16 KiB; 10 seconds for
   * headers, 30 for a body and 30 for taking a piece of a response; 1024 connections; 16 prompts.
   *
   * @param modelName what clients call the model: letters, digits and {@code ._-:}, up to 128
   */
  public static ServerOptions of(String modelName) {
    return new ServerOptions(
        modelName,
        new Address("127.0.0.1", 8080),
        Optional.empty(),
        new Sizes(1 << 20, 16 << 10, 1024, 1 << 16, 16),
        new Timeouts(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30)));
  }

  private static void requireTime(String name, Duration value) {
    Objects.requireNonNull(value, name);
    boolean holds = !value.isNegative() && !value.isZero() && value.compareTo(LONGEST) <= 0;
    require(holds, name, value, "more than zero, at most a day");
  }

  private static void require(boolean holds, String name, Object found, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(name + " is " + found + ", expected " + expected);
    }
  }

  /** The name or address that the server listens at. */
  public String host() {
    return address.host();
  }

  /** The port that the server listens at; 0 for any that is free. */
  public int port() {
    return address.port();
  }

  /** What clients call the model. */
  public String modelName() {
    return modelName;
  }

  /** What clients have to show; empty for nothing. */
  public Optional<ApiKey> apiKey() {
    return apiKey;
  }

  /** The most bytes of a request's body. */
  public int maxBodyBytes() {
    return sizes.bodyBytes();
  }

  /** The most bytes of a request's headers. */
  public int maxHeaderBytes() {
    return sizes.headerBytes();
  }

  /**
   * The time within which a connection has to have sent all headers of its first request, and of
   * the next one after each response. So it is also how long a connection may idle.
   */
  public Duration headerTimeout() {
    return timeouts.header();
  }

  /** The time within which the whole body of a request has to arrive. */
  public Duration bodyTimeout() {
    return timeouts.body();
  }

  /** The time within which a client has to take each piece of a response. */
  public Duration writeTimeout() {
    return timeouts.write();
  }

  /**
   * The most connections at a time. Where there are more, one that waits for its client is closed;
   * where all of them have a request that is being answered, new ones wait to be accepted. So it
   * should be more than the requests that an engine runs and lets wait.
   */
  public int maxConnections() {
    return sizes.connections();
  }

  /**
   * The most connections of one client's address, an IPv6 network of 64 bits counting as one. As
   * many as in all, unless it is set: behind a proxy all clients have its address.
   */
  public int maxConnectionsPerAddress() {
    return sizes.perAddress();
  }

  /** The most prompts of one request. */
  public int maxPrompts() {
    return sizes.prompts();
  }

  /** These, listening elsewhere; beyond this machine only with an API key. */
  public ServerOptions withAddress(String host, int port) {
    return new ServerOptions(modelName, new Address(host, port), apiKey, sizes, timeouts);
  }

  /** These, with a key that clients have to show. */
  public ServerOptions withApiKey(ApiKey key) {
    Objects.requireNonNull(key, "key");
    return new ServerOptions(modelName, address, Optional.of(key), sizes, timeouts);
  }

  /** These, with other bodies: 1 KiB to 1 GiB. */
  public ServerOptions withMaxBodyBytes(int bytes) {
    Sizes old = sizes;
    return withSizes(
        new Sizes(bytes, old.headerBytes, old.connections, old.perAddress, old.prompts));
  }

  /** These, with other headers: 1 KiB to 1 MiB. */
  public ServerOptions withMaxHeaderBytes(int bytes) {
    Sizes old = sizes;
    return withSizes(new Sizes(old.bodyBytes, bytes, old.connections, old.perAddress, old.prompts));
  }

  /** These, with other times, each more than zero and at most a day. */
  public ServerOptions withTimeouts(Duration header, Duration body, Duration write) {
    return new ServerOptions(modelName, address, apiKey, sizes, new Timeouts(header, body, write));
  }

  /** These, with another number of connections: 1 to 65536. */
  public ServerOptions withMaxConnections(int connections) {
    Sizes old = sizes;
    return withSizes(
        new Sizes(old.bodyBytes, old.headerBytes, connections, old.perAddress, old.prompts));
  }

  /** These, with another number of connections of one client's address: 1 to 65536. */
  public ServerOptions withMaxConnectionsPerAddress(int connections) {
    Sizes old = sizes;
    return withSizes(
        new Sizes(old.bodyBytes, old.headerBytes, old.connections, connections, old.prompts));
  }

  /** These, with another number of prompts in one request: 1 to 4096. */
  public ServerOptions withMaxPrompts(int prompts) {
    Sizes old = sizes;
    return withSizes(
        new Sizes(old.bodyBytes, old.headerBytes, old.connections, old.perAddress, prompts));
  }

  private ServerOptions withSizes(Sizes changed) {
    return new ServerOptions(modelName, address, apiKey, changed, timeouts);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ServerOptions that
        && modelName.equals(that.modelName)
        && address.equals(that.address)
        && apiKey.equals(that.apiKey)
        && sizes.equals(that.sizes)
        && timeouts.equals(that.timeouts);
  }

  @Override
  public int hashCode() {
    return Objects.hash(modelName, address, apiKey, sizes, timeouts);
  }

  /** The options in words, without the key. */
  @Override
  public String toString() {
    return "ServerOptions[modelName="
        + modelName
        + ", host="
        + host()
        + ", port="
        + port()
        + ", apiKey="
        + (apiKey.isPresent() ? "required" : "none")
        + ", maxBodyBytes="
        + maxBodyBytes()
        + ", maxHeaderBytes="
        + maxHeaderBytes()
        + ", headerTimeout="
        + headerTimeout()
        + ", bodyTimeout="
        + bodyTimeout()
        + ", writeTimeout="
        + writeTimeout()
        + ", maxConnections="
        + maxConnections()
        + ", maxConnectionsPerAddress="
        + maxConnectionsPerAddress()
        + ", maxPrompts="
        + maxPrompts()
        + "]";
  }
}
