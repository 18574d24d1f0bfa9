package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.server.ApiKey;
import dev.mor4j.server.ServerOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;

/** Where a server listens, and what a client may take of it. */
public final class ServerArguments {
  private static final String KEY_VARIABLE = "MOR4J_API_KEY";

  @CommandLine.Option(
      names = "--host",
      paramLabel = "HOST",
      description =
          "The address to listen at. One that other machines can reach needs an API key. Default:"
              + " ${DEFAULT-VALUE}.")
  String host;

  @CommandLine.Option(
      names = "--port",
      paramLabel = "PORT",
      description = "The port to listen at; 0 takes any that is free. Default: ${DEFAULT-VALUE}.")
  int port;

  @CommandLine.Option(
      names = "--name",
      paramLabel = "NAME",
      description = "The name by which clients call the model. Default: the name of its folder.")
  String name;

  @CommandLine.Option(
      names = "--api-key-file",
      paramLabel = "FILE",
      description =
          "A file with the key that clients have to send, as Authorization: Bearer KEY. Default: the"
              + " value of the environment variable "
              + KEY_VARIABLE
              + ".")
  Path apiKeyFile;

  @CommandLine.Option(
      names = "--max-body",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "The largest body of a request. Default: ${DEFAULT-VALUE}.")
  long maxBody;

  @CommandLine.Option(
      names = "--header-timeout",
      paramLabel = "SECONDS",
      description =
          "The time in which all headers of a request have to arrive; also how long a connection may"
              + " idle. Default: ${DEFAULT-VALUE}.")
  int headerTimeout;

  @CommandLine.Option(
      names = "--max-connections",
      paramLabel = "N",
      description = "The most connections at a time. Default: ${DEFAULT-VALUE}.")
  int maxConnections;

  @CommandLine.Option(
      names = "--max-connections-per-address",
      paramLabel = "N",
      description =
          "The most connections of one client's address at a time, and so the most of its requests."
              + " Not for a server behind a proxy, whose address all clients have. Default: as many"
              + " as in all.")
  Integer maxConnectionsPerAddress;

  @CommandLine.Option(
      names = "--drain-seconds",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description =
          "How long running requests may take to finish after SIGINT or SIGTERM. Default:"
              + " ${DEFAULT-VALUE}.")
  public int drainSeconds;

  static Map<String, String> defaults() {
    ServerOptions defaults = ServerOptions.of("model");
    return Map.of(
        "--host", defaults.host(),
        "--port", Integer.toString(defaults.port()),
        "--max-body", ByteSize.text(defaults.maxBodyBytes()),
        "--header-timeout", Long.toString(defaults.headerTimeout().toSeconds()),
        "--max-connections", Integer.toString(defaults.maxConnections()));
  }

  /** The options for the model in {@code folder}. */
  public ServerOptions options(Path folder, Terminal terminal) throws IOException {
    if (drainSeconds < 0) {
      throw new UsageException("--drain-seconds is " + drainSeconds + ", expected 0 or more");
    }
    if (maxBody > Integer.MAX_VALUE) {
      throw new UsageException(
          "--max-body is " + Sizes.bytes(maxBody) + ", expected at most 1 GiB");
    }
    ServerOptions defaults = ServerOptions.of(name != null ? name : nameOf(folder));
    ServerOptions options =
        defaults
            .withAddress(host, port)
            .withMaxBodyBytes((int) maxBody)
            .withTimeouts(
                Duration.ofSeconds(headerTimeout), defaults.bodyTimeout(), defaults.writeTimeout())
            .withMaxConnections(maxConnections);
    if (maxConnectionsPerAddress != null) {
      options = options.withMaxConnectionsPerAddress(maxConnectionsPerAddress);
    }
    Optional<String> key =
        apiKeyFile != null
            ? Optional.of(TextTokens.read(apiKeyFile).strip())
            : terminal.variable(KEY_VARIABLE);
    return key.isPresent() ? options.withApiKey(ApiKey.of(key.get())) : options;
  }

  private static String nameOf(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    String name = last == null ? "" : last.toString().replaceAll("[^A-Za-z0-9._:-]", "-");
    return name.isEmpty() ? "model" : name.substring(0, Math.min(128, name.length()));
  }
}
