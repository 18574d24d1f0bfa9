package dev.mor4j.cli.options;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine;

/** The text that a command reads. */
public final class TextOption {
  @CommandLine.Option(
      names = "--text",
      required = true,
      paramLabel = "FILE",
      description = "A text file in UTF-8.")
  public Path file;

  /** Reads the text. */
  public String read() throws IOException {
    return TextTokens.read(file);
  }
}
