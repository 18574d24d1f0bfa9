package dev.mor4j.cli.options;

import dev.mor4j.runtime.DepthBatching;
import dev.mor4j.runtime.EngineOptions;
import picocli.CommandLine;

/** How an engine schedules. */
public final class EngineArguments {
  @CommandLine.Option(
      names = "--max-sequences",
      paramLabel = "N",
      description = "Most sequences that run at the same time. Default: 32.")
  Integer maxSequences;

  @CommandLine.Option(
      names = "--max-queued",
      paramLabel = "N",
      description = "Most requests that wait; more are refused. Default: 256.")
  Integer maxQueued;

  @CommandLine.Option(
      names = "--kv-budget",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "Memory for the KV caches of all sequences and of shared prefixes: 512M, 2G. Default:"
              + " 1G.")
  Long kvBudget;

  @CommandLine.Option(
      names = "--step-tokens",
      paramLabel = "N",
      description =
          "Most tokens in the block at the same time, of prompts and texts; more than"
              + " --max-sequences. Default: 128 more.")
  Integer stepTokens;

  @CommandLine.Option(
      names = "--min-exit-batch",
      paramLabel = "N",
      description =
          "Tokens that have to have left the block before the last layers are computed for them."
              + " Default: what is best for the sequences that run.")
  Integer minExitBatch;

  @CommandLine.Option(
      names = "--max-exit-wait",
      paramLabel = "N",
      description = "Most passes for which a token waits for others to leave with it. Default: 4.")
  Integer maxExitWait;

  @CommandLine.Option(
      names = "--depth-batching",
      paramLabel = "MODE",
      defaultValue = "continuous",
      description =
          "continuous: tokens of any depth share passes; off: each step waits for its deepest"
              + " token; padded: so, as in a batch of a fixed shape (baselines). Default:"
              + " ${DEFAULT-VALUE}.")
  DepthBatching depthBatching;

  @CommandLine.Option(
      names = "--no-prefix-cache",
      description = "Compute each prompt anew, also where it begins like another.")
  boolean noPrefixCache;

  public EngineOptions options() {
    EngineOptions options = EngineOptions.defaults();
    if (maxSequences != null) {
      options = options.withMaxSequences(maxSequences);
    }
    if (maxQueued != null) {
      options = options.withMaxQueued(maxQueued);
    }
    if (kvBudget != null) {
      options = options.withKvBytes(kvBudget);
    }
    if (stepTokens != null) {
      options = options.withStepTokens(stepTokens);
    }
    return options
        .withExits(
            minExitBatch == null ? options.minExitBatch() : minExitBatch,
            maxExitWait == null ? options.maxExitWait() : maxExitWait)
        .withDepthBatching(depthBatching)
        .withPrefixCache(!noPrefixCache);
  }
}
