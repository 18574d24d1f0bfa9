package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.runtime.GenerationOptions;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** How tokens are chosen. What is not given is as in {@link GenerationOptions#defaults()}. */
public final class SamplingOptions {
  /** Options that leave the most likely token in place, so that a greedy choice ignores them. */
  private static final List<String> FILTERS = List.of("--top-k", "--top-p", "--min-p");

  @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
  CommandLine.Model.CommandSpec command;

  @CommandLine.Option(
      names = {"-n", "--max-new-tokens"},
      paramLabel = "N",
      description = "The most tokens to generate. Default: ${DEFAULT-VALUE}.")
  int maxNewTokens;

  @CommandLine.Option(
      names = "--temperature",
      paramLabel = "T",
      description = "Divide the logits by T; 0 is greedy. Default: ${DEFAULT-VALUE}.")
  double temperature;

  @CommandLine.Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Keep the K most likely tokens; 0 keeps all. Default: ${DEFAULT-VALUE}.")
  int topK;

  @CommandLine.Option(
      names = "--top-p",
      paramLabel = "P",
      description =
          "Keep the fewest tokens whose probabilities sum to P; 1 keeps all. Default:"
              + " ${DEFAULT-VALUE}.")
  double topP;

  @CommandLine.Option(
      names = "--min-p",
      paramLabel = "P",
      description =
          "Keep the tokens that are at least P times as likely as the most likely one. Default:"
              + " ${DEFAULT-VALUE}.")
  double minP;

  @CommandLine.Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      description =
          "Make tokens that were seen before less likely; 1 does not. Default: ${DEFAULT-VALUE}.")
  double repetitionPenalty;

  @CommandLine.Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Seed of the random choices. Default: a new one each time, which --stats shows.")
  Long seed;

  @CommandLine.Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End the text before TEXT. The option may be given several times.")
  List<String> stop = List.of();

  @CommandLine.Option(names = "--greedy", description = "Always take the most likely token.")
  boolean greedy;

  static Map<String, String> defaults() {
    GenerationOptions defaults = GenerationOptions.defaults();
    return Map.of(
        "--max-new-tokens", Integer.toString(defaults.maxNewTokens()),
        "--temperature", RuntimeDefaults.number(defaults.temperature()),
        "--top-k", Integer.toString(defaults.topK()),
        "--top-p", RuntimeDefaults.number(defaults.topP()),
        "--min-p", RuntimeDefaults.number(defaults.minP()),
        "--repetition-penalty", RuntimeDefaults.number(defaults.repetitionPenalty()));
  }

  public GenerationOptions options() {
    GivenOptions given = new GivenOptions(command);
    if (greedy && given.has("--temperature") && temperature != 0) {
      throw new UsageException("--greedy and --temperature " + temperature + " exclude each other");
    }
    if (greedy || temperature == 0) {
      given.refuse(FILTERS, greedy ? "with --greedy" : "with --temperature 0");
    }
    GenerationOptions options =
        GenerationOptions.defaults()
            .withMaxNewTokens(maxNewTokens)
            .withTemperature(greedy ? 0 : temperature)
            .withTopK(topK)
            .withTopP(topP)
            .withMinP(minP)
            .withRepetitionPenalty(repetitionPenalty)
            .withStop(stop);
    return seed == null ? options : options.withSeed(seed);
  }
}
