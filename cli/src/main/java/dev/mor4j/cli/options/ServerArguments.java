package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.server.ApiKey;
import dev.mor4j.server.ServerOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine;

/** Where a server listens, and what a client may take of it. */
public final class ServerArguments {
  private static final String KEY_VARIABLE = "MOR4J_API_KEY";

  @CommandLine.Option(
      names = "--host",
      paramLabel = "HOST",
      defaultValue = "127.0.0.1",
      description =
          "Address to listen at; one that other machines reach needs an API key. Default:"
              + " ${DEFAULT-VALUE}.")
  String host;

  @CommandLine.Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8080",
      description = "Port to listen at; 0 for any that is free. Default: ${DEFAULT-VALUE}.")
  int port;

  @CommandLine.Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What clients call the model. Default: the name of its folder.")
  String name;

  @CommandLine.Option(
      names = "--api-key-file",
      paramLabel = "FILE",
      description =
          "File with the key that clients have to send, as Authorization: Bearer KEY. Default: what"
              + " the environment variable "
              + KEY_VARIABLE
              + " says.")
  Path apiKeyFile;

  @CommandLine.Option(
      names = "--max-body",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      defaultValue = "1M",
      description = "Largest body of a request. Default: ${DEFAULT-VALUE}.")
  long maxBody;

  @CommandLine.Option(
      names = "--header-timeout",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description =
          "Time for all headers of a request, and for a connection to idle. Default:"
              + " ${DEFAULT-VALUE}.")
  int headerTimeout;

  @CommandLine.Option(
      names = "--max-connections",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Most connections at a time. Default: ${DEFAULT-VALUE}.")
  int maxConnections;

  @CommandLine.Option(
      names = "--drain-seconds",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description =
          "When told to end (SIGINT, SIGTERM), let requests finish for so long. Default:"
              + " ${DEFAULT-VALUE}.")
  public int drainSeconds;

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
    Optional<String> key =
        apiKeyFile != null
            ? Optional.of(TextTokens.read(apiKeyFile).strip())
            : terminal.variable(KEY_VARIABLE);
    return key.map(ApiKey::of).map(options::withApiKey).orElse(options);
  }

  private static String nameOf(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    String name = last == null ? "" : last.toString().replaceAll("[^A-Za-z0-9._:-]", "-");
    return name.isEmpty() ? "model" : name.substring(0, Math.min(128, name.length()));
  }
}
