package dev.mor4j.cli.options;

import dev.mor4j.cli.load.PromptSource;
import dev.mor4j.cli.load.ServerAddress;
import dev.mor4j.cli.load.WatchedProcess;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

/** A server elsewhere, in place of an engine in this process. */
public final class LoadServerOptions {
  private static final String API_KEY = "MOR4J_API_KEY";

  /** What prompts are sent as. */
  enum PromptKind {
    IDS,
    TEXT
  }

  @CommandLine.Option(
      names = "--url",
      paramLabel = "URL",
      description =
          "A server with OpenAI's /v1/completions, such as http://localhost:8080, in place of MODEL."
              + " MOR4J_API_KEY in the environment is its key.")
  public URI url;

  @CommandLine.Option(
      names = "--prompt-kind",
      paramLabel = "KIND",
      description =
          "With --url: ids sends token ids, text sends words of --text, of which lengths are counted"
              + " then. Default: text with --text, else ids.")
  PromptKind promptKind;

  @CommandLine.Option(
      names = "--vocab",
      paramLabel = "V",
      description = "With --url and ids: token ids are less than this.")
  Integer vocabulary;

  @CommandLine.Option(
      names = "--model-name",
      paramLabel = "NAME",
      description =
          "With --url: the model that requests name. Default: the first of those that the"
              + " server names.")
  String modelName;

  @CommandLine.Option(
      names = "--pid",
      paramLabel = "PID",
      description = "With --url: process whose memory is watched, where it is on this machine.")
  Long pid;

  public ServerAddress address(Terminal terminal) {
    return new ServerAddress(url, Optional.ofNullable(modelName), terminal.variable(API_KEY));
  }

  /** The source of prompts; {@code text} is null without a file. */
  public PromptSource source(Path text) throws IOException {
    boolean words = promptKind == null ? text != null : promptKind == PromptKind.TEXT;
    if (words) {
      if (text == null) {
        throw new UsageException("--prompt-kind text needs --text FILE");
      }
      if (vocabulary != null) {
        throw new UsageException("--vocab has no meaning with --text, which is sent as words");
      }
      String content = TextTokens.read(text).strip();
      if (content.isEmpty()) {
        throw new UsageException(text + " is empty, expected some text");
      }
      return new PromptSource.TextWords(List.of(content.split("\\s+")));
    }
    if (text != null) {
      throw new UsageException("--text with --url is sent as text, not with --prompt-kind ids");
    }
    if (vocabulary == null) {
      throw new UsageException(
          "--url with token ids needs --vocab V, the size of the vocabulary; or give --text FILE");
    }
    return new PromptSource.Uniform(vocabulary);
  }

  public WatchedProcess process() {
    return pid == null ? WatchedProcess.self() : WatchedProcess.of(pid);
  }
}
