package dev.mor4j.cli;

import dev.mor4j.cli.lines.JsonLines;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.runtime.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine;

/** The tokenizer of a command, and what the command reads. */
final class TokenizerArguments {
  @CommandLine.Parameters(
      index = "0",
      paramLabel = "PATH",
      description = {
        "The folder of a converted model or of a checkpoint, or a tokenizer's file: tokenizer.json,"
            + " tokenizer.model, or vocab.json beside merges.txt."
      })
  Path path;

  @CommandLine.Option(
      names = "--input",
      paramLabel = "FILE",
      description = "Read FILE, in UTF-8. Default: the standard input.")
  Path input;

  @CommandLine.Option(
      names = "--jsonl",
      description = "Read a JSON object from each line, and write one for each.")
  boolean jsonLines;

  /** What a command does with what it reads. */
  @FunctionalInterface
  interface Work {
    void on(Tokenizer tokenizer, JsonLines lines) throws IOException;
  }

  /** Opens tokenizer and input, works, and closes. */
  void run(Terminal terminal, Work work) throws IOException {
    Tokenizer tokenizer = Tokenizer.open(path);
    if (input == null) {
      work.on(tokenizer, new JsonLines("the standard input", terminal.in(), terminal.out()));
      return;
    }
    try (InputStream bytes = Files.newInputStream(input)) {
      work.on(tokenizer, new JsonLines(input.toString(), bytes, terminal.out()));
    }
  }
}
