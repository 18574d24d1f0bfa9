package dev.mor4j.cli;

import dev.mor4j.converter.CheckpointConverter;
import dev.mor4j.converter.ConversionOptions;
import dev.mor4j.converter.ConversionReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j convert}: a checkpoint to a model folder. */
@CommandLine.Command(
    name = "convert",
    header = "Converts a PyTorch or safetensors checkpoint to a model folder.",
    description = {
      "Tensors that are the same are stored once. The new folder appears whole or not at all, also"
          + " when the command is interrupted."
    },
    sortOptions = false)
final class ConvertCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Parameters(index = "0", paramLabel = "SRC", description = "Checkpoint folder.")
  Path source;

  @CommandLine.Parameters(index = "1", paramLabel = "DST", description = "Folder to make.")
  Path destination;

  @CommandLine.Option(names = "--overwrite", description = "Replace a converted model at DST.")
  boolean overwrite;

  @CommandLine.Option(
      names = {"-q", "--quiet"},
      description = "No progress, no summary.")
  boolean quiet;

  @CommandLine.Mixin CommonOptions common;

  ConvertCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    ConversionReport report = convert(terminal, source, destination, overwrite, quiet);
    if (!quiet) {
      terminal
          .out()
          .print(
              Sizes.format(
                  "%s: %s in %d tensors, for %d places of the model%n",
                  destination,
                  Sizes.bytes(report.weightBytes()),
                  report.storedTensors(),
                  report.tensors()));
    }
    return ExitCode.SUCCESS;
  }

  /** Converts, with progress where a person looks on, and says what was unexpected. */
  static ConversionReport convert(
      Terminal terminal, Path source, Path destination, boolean overwrite, boolean quiet)
      throws IOException {
    ConversionReport report;
    try (ConversionBar bar = ConversionBar.of(terminal, quiet)) {
      report =
          CheckpointConverter.convert(source, destination, new ConversionOptions(overwrite, bar));
    }
    for (String warning : report.warnings()) {
      terminal.say("mor4j: note: %s", warning);
    }
    if (!quiet && !report.untied().isEmpty()) {
      terminal.say(
          "mor4j: note: %d tensors differ between recursions that the settings call shared, and are"
              + " kept, as %s",
          report.untied().size(), report.untied().getFirst());
    }
    return report;
  }
}
