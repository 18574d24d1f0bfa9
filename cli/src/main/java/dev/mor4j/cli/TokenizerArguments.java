package dev.mor4j.cli;

import dev.mor4j.runtime.Tokenizer;
import java.io.IOException;
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
      names = "--jsonl",
      description = "Read a JSON object from each line, and write one for each.")
  boolean jsonLines;

  Tokenizer open() throws IOException {
    return Tokenizer.open(path);
  }
}
