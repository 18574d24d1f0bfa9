package dev.mor4j.cli;

import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.OverwriteOption;
import dev.mor4j.cli.options.QuietOption;
import dev.mor4j.cli.report.ProgressBars;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.converter.CheckpointConverter;
import dev.mor4j.converter.ConversionOptions;
import dev.mor4j.converter.ConversionProgress;
import dev.mor4j.converter.ConversionReport;
import dev.mor4j.converter.Quantization;
import dev.mor4j.runtime.packing.Packing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;

/** {@code mor4j convert}: a checkpoint to a model folder. */
@CommandLine.Command(
    name = "convert",
    header = "Converts a PyTorch or safetensors checkpoint to a model folder.",
    description = {
      "Equal tensors are stored once. The new folder appears whole or not at all, even when the"
          + " command is interrupted.",
      "With --quantize the matrices are packed for the kernels, as bf16 (16 bits for each weight),"
          + " int8 (8.5 bits) or int4 (4.5 bits). Check the quality of int4 with mor4j compare. SRC"
          + " may then also be a converted model that is not packed.",
      "The tokenizer (tokenizer.json, tokenizer.model, or vocab.json with merges.txt), its settings"
          + " and chat templates are taken along. Which ids begin and end a text is decided from"
          + " them; mor4j inspect shows it."
    },
    sortOptions = false)
final class ConvertCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Parameters(
      index = "0",
      paramLabel = "SRC",
      description = "The folder of a checkpoint; with --quantize also that of a converted model.")
  Path source;

  @CommandLine.Parameters(index = "1", paramLabel = "DST", description = "The folder to make.")
  Path destination;

  @CommandLine.Option(
      names = "--quantize",
      paramLabel = "TYPE",
      description = "Pack the matrices as bf16, int8 or int4. Default: they stay as they are.")
  Packing quantize;

  @CommandLine.Option(
      names = "--quantize-head",
      paramLabel = "TYPE",
      description =
          "Pack the embedding and the head as bf16, int8 or int4. Default: the same as the other"
              + " matrices, but int8 where these are int4.")
  Packing quantizeHead;

  @CommandLine.Option(
      names = "--no-tokenizer",
      description =
          "Leave the tokenizer out, as where it cannot be read. The model then takes and gives token"
              + " ids only.")
  boolean withoutTokenizer;

  @CommandLine.Option(
      names = "--allow-non-finite",
      description =
          "Keep weights that are NaN or infinite, with a note. Default: they are an error that names"
              + " the tensors. A matrix that is packed cannot hold them.")
  boolean allowNonFinite;

  @CommandLine.Mixin OverwriteOption overwrite;
  @CommandLine.Mixin QuietOption quiet;

  @CommandLine.Mixin CommonOptions common;

  ConvertCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (quantizeHead != null && quantize == null) {
      throw new UsageException("--quantize-head needs --quantize");
    }
    Optional<Quantization> quantization = Optional.ofNullable(quantize).map(this::quantization);
    ConversionReport report =
        convert(
            terminal,
            source,
            destination,
            bar ->
                new ConversionOptions(
                    overwrite.wanted, quantization, !withoutTokenizer, allowNonFinite, bar),
            quiet.wanted);
    if (!quiet.wanted) {
      terminal
          .out()
          .print(
              Sizes.format(
                  "%s: %s in %d tensors, for %d places of the model%s%n",
                  destination,
                  Sizes.bytes(report.weightBytes()),
                  report.storedTensors(),
                  report.tensors(),
                  quantization.map(ConvertCommand::described).orElse("")));
    }
    return ExitCode.SUCCESS;
  }

  private Quantization quantization(Packing layers) {
    return quantizeHead == null ? Quantization.of(layers) : new Quantization(layers, quantizeHead);
  }

  private static String described(Quantization how) {
    String layers = "; " + how.layers().label();
    return how.head() == how.layers()
        ? layers
        : layers + ", embedding and head " + how.head().label();
  }

  /** Converts, packing nothing; see below. */
  static ConversionReport convert(
      Terminal terminal, Path source, Path destination, boolean overwrite, boolean quiet)
      throws IOException {
    return convert(
        terminal, source, destination, bar -> new ConversionOptions(overwrite, bar), quiet);
  }

  /** Converts, with progress where a person looks on, and says what was unexpected. */
  private static ConversionReport convert(
      Terminal terminal,
      Path source,
      Path destination,
      Function<ConversionProgress, ConversionOptions> options,
      boolean quiet)
      throws IOException {
    ConversionReport report;
    try (ProgressBars bar = ProgressBars.of(terminal, quiet)) {
      report = CheckpointConverter.convert(source, destination, options.apply(bar));
    }
    for (String warning : report.warnings()) {
      terminal.say("mor4j: note: %s", warning);
    }
    if (!quiet && !report.untied().isEmpty()) {
      terminal.say(
          "mor4j: note: the settings call %d tensors shared, but they differ between recursions; all"
              + " of them are kept, for example %s",
          report.untied().size(), report.untied().getFirst());
    }
    return report;
  }
}
