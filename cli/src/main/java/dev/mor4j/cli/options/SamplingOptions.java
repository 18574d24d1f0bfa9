package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.runtime.GenerationOptions;
import java.util.List;
import java.util.OptionalLong;
import picocli.CommandLine;

/** How tokens are chosen. */
public final class SamplingOptions {
  @CommandLine.Option(
      names = {"-n", "--max-new-tokens"},
      paramLabel = "N",
      defaultValue = "256",
      description = "Most tokens to generate. Default: ${DEFAULT-VALUE}.")
  int maxNewTokens;

  @CommandLine.Option(
      names = "--temperature",
      paramLabel = "T",
      description = "Divides the logits; 0 is greedy. Default: 0.8.")
  Double temperature;

  @CommandLine.Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "Keep the K most likely tokens; 0 for all. Default: ${DEFAULT-VALUE}.")
  int topK;

  @CommandLine.Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "0.95",
      description =
          "Keep the fewest tokens whose probabilities sum to P; 1 for all. Default:"
              + " ${DEFAULT-VALUE}.")
  double topP;

  @CommandLine.Option(
      names = "--min-p",
      paramLabel = "P",
      defaultValue = "0",
      description =
          "Keep tokens at least P times as likely as the most likely one. Default:"
              + " ${DEFAULT-VALUE}.")
  double minP;

  @CommandLine.Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      defaultValue = "1",
      description = "Makes tokens seen before less likely; 1 is none. Default: ${DEFAULT-VALUE}.")
  double repetitionPenalty;

  @CommandLine.Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the choices. Default: another one each time; --stats shows it.")
  Long seed;

  @CommandLine.Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End before this text; may be given several times.")
  List<String> stop = List.of();

  @CommandLine.Option(names = "--greedy", description = "Always take the most likely token.")
  boolean greedy;

  public GenerationOptions options() {
    if (greedy && temperature != null && temperature != 0) {
      throw new UsageException("--greedy and --temperature " + temperature + " exclude each other");
    }
    double chosen = greedy ? 0 : temperature == null ? 0.8 : temperature;
    return new GenerationOptions(
        maxNewTokens,
        chosen,
        topK,
        topP,
        minP,
        repetitionPenalty,
        seed == null ? OptionalLong.empty() : OptionalLong.of(seed),
        stop);
  }
}
