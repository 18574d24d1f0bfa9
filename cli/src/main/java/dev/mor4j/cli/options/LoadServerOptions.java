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
          "The server to measure in place of MODEL, such as http://localhost:8080. It offers OpenAI's"
              + " /v1/completions. The environment variable MOR4J_API_KEY has its key.")
  public URI url;

  @CommandLine.Option(
      names = "--prompt-kind",
      paramLabel = "KIND",
      description =
          "With --url: ids sends token ids, text sends words of --text, and lengths then count words."
              + " Default: text with --text, otherwise ids.")
  PromptKind promptKind;

  @CommandLine.Option(
      names = "--vocab",
      paramLabel = "V",
      description =
          "With --url and token ids: the size of the vocabulary, which all ids are below.")
  Integer vocabulary;

  @CommandLine.Option(
      names = "--model-name",
      paramLabel = "NAME",
      description =
          "With --url: the name of the model in requests. Default: the first one that the server"
              + " lists.")
  String modelName;

  @CommandLine.Option(
      names = "--pid",
      paramLabel = "PID",
      description =
          "With --url: the process of the server, if it is on this machine, to watch its memory.")
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
