package dev.mor4j.cli.options;

import dev.mor4j.runtime.DepthBatching;
import dev.mor4j.runtime.EngineOptions;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;

/** How an engine schedules. */
public final class EngineArguments {
  @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
  CommandLine.Model.CommandSpec command;

  @CommandLine.Option(
      names = "--max-sequences",
      paramLabel = "N",
      description = "The most sequences that run at the same time. Default: ${DEFAULT-VALUE}.")
  int maxSequences;

  @CommandLine.Option(
      names = "--max-queued",
      paramLabel = "N",
      description = "The most requests that wait; more are refused. Default: ${DEFAULT-VALUE}.")
  int maxQueued;

  @CommandLine.Option(
      names = "--kv-budget",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "Memory for the KV caches of all sequences and of shared prefixes, such as 512M or 2G."
              + " Default: 1G or, where that is less, three quarters of what the memory of the machine"
              + " and its container leaves beside the Java heap, the weights and the activations.")
  Long kvBudget;

  @CommandLine.Option(
      names = "--step-tokens",
      paramLabel = "N",
      description =
          "The most tokens that pass the shared block at the same time, of prompts and of texts; more than"
              + " --max-sequences. Default: 128 more.")
  Integer stepTokens;

  @CommandLine.Option(
      names = "--min-exit-batch",
      paramLabel = "N",
      description =
          "Compute the last layers when N tokens have left the shared block. Default: what is best"
              + " for the sequences that run.")
  Integer minExitBatch;

  @CommandLine.Option(
      names = "--max-exit-wait",
      paramLabel = "N",
      description =
          "The most passes for which a token waits for others to leave with it. Default:"
              + " ${DEFAULT-VALUE}.")
  int maxExitWait;

  @CommandLine.Option(
      names = "--depth-batching",
      paramLabel = "MODE",
      description =
          "continuous: tokens of any depth share passes. off: each step waits for its deepest"
              + " token. padded: the same, as in a batch of a fixed shape. The last two are"
              + " baselines to compare with. Default: ${DEFAULT-VALUE}.")
  DepthBatching depthBatching;

  @CommandLine.Option(
      names = "--no-prefix-cache",
      description = "Compute each prompt from its start, even where it begins like another.")
  boolean noPrefixCache;

  static Map<String, String> defaults() {
    EngineOptions defaults = EngineOptions.defaults();
    return Map.of(
        "--max-sequences", Integer.toString(defaults.maxSequences()),
        "--max-queued", Integer.toString(defaults.maxQueued()),
        "--max-exit-wait", Integer.toString(defaults.maxExitWait()),
        "--depth-batching", defaults.depthBatching().name().toLowerCase(Locale.ROOT));
  }

  public EngineOptions options() {
    if (depthBatching != DepthBatching.CONTINUOUS) {
      new GivenOptions(command)
          .refuse(
              List.of("--min-exit-batch", "--max-exit-wait"),
              "without --depth-batching continuous: all tokens of a step leave together");
    }
    EngineOptions options =
        EngineOptions.defaults()
            .withMaxSequences(maxSequences)
            .withMaxQueued(maxQueued)
            .withDepthBatching(depthBatching)
            .withPrefixCache(!noPrefixCache);
    if (kvBudget != null) {
      if (kvBudget == 0) {
        throw new IllegalArgumentException("--kv-budget is 0, expected room for one sequence");
      }
      options = options.withKvBytes(kvBudget);
    }
    if (stepTokens != null) {
      options = options.withStepTokens(stepTokens);
    }
    if (minExitBatch != null) {
      options = options.withMinExitBatch(minExitBatch);
    }
    return options.withMaxExitWait(maxExitWait);
  }
}
