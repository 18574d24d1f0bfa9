package dev.mor4j.cli;

import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.options.OverwriteOption;
import dev.mor4j.cli.options.QuietOption;
import dev.mor4j.cli.report.ProgressBars;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.converter.gguf.GgufExport;
import dev.mor4j.converter.gguf.GgufOptions;
import dev.mor4j.converter.gguf.GgufReport;
import dev.mor4j.converter.gguf.GgufType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j export}: a model folder to a file of another engine. */
@CommandLine.Command(
    name = "export",
    header = "Writes a model without a router as a GGUF file, which llama.cpp reads.",
    description = {
      "Vanilla and recursive models can be exported; weights that layers share are written once for"
          + " each layer. The file appears whole or not at all, even when the command is"
          + " interrupted.",
      "A model without a tokenizer gets a vocabulary in which token 17 reads <17>."
    },
    sortOptions = false)
final class ExportCommand implements Callable<Integer> {
  /** Formats that are written. */
  enum Format {
    GGUF
  }

  private final Terminal terminal;

  @CommandLine.Parameters(
      index = "0",
      paramLabel = "FORMAT",
      description = "The format of the file: gguf.")
  Format format;

  @CommandLine.Parameters(
      index = "1",
      paramLabel = "MODEL",
      description = "The folder of a converted model.")
  Path folder;

  @CommandLine.Parameters(index = "2", paramLabel = "FILE", description = "The file to make.")
  Path file;

  @CommandLine.Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "The number type of the matrices: f32, f16, bf16 or q8_0. Default: the type that they have.")
  GgufType type;

  @CommandLine.Option(
      names = "--no-tokenizer",
      description = "Leave the tokenizer out, as if the model had none.")
  boolean withoutTokenizer;

  @CommandLine.Mixin OverwriteOption overwrite;
  @CommandLine.Mixin QuietOption quiet;

  @CommandLine.Mixin CommonOptions common;

  ExportCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    ModelArguments.requireConverted(folder);
    GgufReport report;
    try (ProgressBars bar = ProgressBars.of(terminal, quiet.wanted)) {
      report =
          GgufExport.export(
              folder,
              file,
              new GgufOptions(Optional.ofNullable(type), !withoutTokenizer, overwrite.wanted, bar));
    }
    for (String warning : report.warnings()) {
      terminal.say("mor4j: note: %s", warning);
    }
    if (!quiet.wanted) {
      terminal
          .out()
          .print(
              Sizes.format(
                  "%s: %s in %d tensors, %s%n",
                  file, Sizes.bytes(report.bytes()), report.tensors(), report.type().label()));
    }
    return ExitCode.SUCCESS;
  }
}
