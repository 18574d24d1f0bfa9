package dev.mor4j.runtime;

import dev.mor4j.runtime.schedule.SchedulerSettings;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * How an engine schedules.
 *
 * @param maxSequences most sequences that run at the same time, 1 to 4096
 * @param maxQueued most requests that wait; more are refused
 * @param kvBytes budget for the KV pages of all sequences and of the prefix cache
 * @param stepTokens most tokens that are in the block at the same time, of prompts and of running
 *     texts; more than {@code maxSequences}, so that prompts always get on
 * @param minExitBatch texts' tokens that have to have left the block before the last layers and the
 *     head are computed for them; 0 for what the engine finds best for the sequences that run
 * @param maxExitWait most passes of the block for which a token waits for others to leave with it
 * @param depthBatching whether tokens of different depths share passes
 * @param prefixCache whether pages of texts with the same beginning are shared
 * @param ageing a request that waits rises by one priority each time this passes
 */
public record EngineOptions(
    int maxSequences,
    int maxQueued,
    long kvBytes,
    int stepTokens,
    int minExitBatch,
    int maxExitWait,
    DepthBatching depthBatching,
    boolean prefixCache,
    Duration ageing) {
  /**
   * 32 sequences, 256 requests that wait, 1 GiB for KV caches, 160 tokens a step, continuous
   * depth-wise batching, prefixes shared.
   */
  public static EngineOptions defaults() {
    return new EngineOptions(
        32, 256, 1L << 30, 160, 0, 4, DepthBatching.CONTINUOUS, true, Duration.ofSeconds(5));
  }

  public EngineOptions {
    Objects.requireNonNull(depthBatching, "depthBatching");
    require(maxSequences >= 1 && maxSequences <= 4096, "maxSequences", maxSequences, "1 to 4096");
    require(maxQueued >= 1 && maxQueued <= 1 << 20, "maxQueued", maxQueued, "1 to 1048576");
    require(kvBytes >= 1, "kvBytes", kvBytes, "1 or more");
    require(
        stepTokens > maxSequences && stepTokens <= 1 << 16,
        "stepTokens",
        stepTokens,
        "more than maxSequences, at most 65536");
    require(
        minExitBatch >= 0 && minExitBatch <= 4096,
        "minExitBatch",
        minExitBatch,
        "1 to 4096, or 0 for what the engine finds best");
    require(maxExitWait >= 0 && maxExitWait <= 1024, "maxExitWait", maxExitWait, "0 to 1024");
    require(
        !ageing.isNegative() && !ageing.isZero(), "ageing", ageing, "a duration of more than zero");
  }

  private static void require(boolean holds, String name, Object found, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(name + " is " + found + ", expected " + expected);
    }
  }

  /** The same for the scheduler. Ageing longer than 292 years is as good as none. */
  SchedulerSettings scheduling() {
    return new SchedulerSettings(
        maxSequences,
        stepTokens,
        kvBytes,
        prefixCache,
        TimeUnit.NANOSECONDS.convert(ageing),
        new SchedulerSettings.ExitRule(
            minExitBatch,
            maxExitWait,
            depthBatching != DepthBatching.CONTINUOUS,
            depthBatching == DepthBatching.PADDED));
  }

  public EngineOptions withMaxSequences(int value) {
    return new EngineOptions(
        value,
        maxQueued,
        kvBytes,
        Math.max(stepTokens, value + 128),
        minExitBatch,
        maxExitWait,
        depthBatching,
        prefixCache,
        ageing);
  }

  public EngineOptions withMaxQueued(int value) {
    return new EngineOptions(
        maxSequences,
        value,
        kvBytes,
        stepTokens,
        minExitBatch,
        maxExitWait,
        depthBatching,
        prefixCache,
        ageing);
  }

  public EngineOptions withKvBytes(long value) {
    return new EngineOptions(
        maxSequences,
        maxQueued,
        value,
        stepTokens,
        minExitBatch,
        maxExitWait,
        depthBatching,
        prefixCache,
        ageing);
  }

  public EngineOptions withStepTokens(int value) {
    return new EngineOptions(
        maxSequences,
        maxQueued,
        kvBytes,
        value,
        minExitBatch,
        maxExitWait,
        depthBatching,
        prefixCache,
        ageing);
  }

  public EngineOptions withExits(int minBatch, int maxWait) {
    return new EngineOptions(
        maxSequences,
        maxQueued,
        kvBytes,
        stepTokens,
        minBatch,
        maxWait,
        depthBatching,
        prefixCache,
        ageing);
  }

  public EngineOptions withDepthBatching(DepthBatching value) {
    return new EngineOptions(
        maxSequences,
        maxQueued,
        kvBytes,
        stepTokens,
        minExitBatch,
        maxExitWait,
        value,
        prefixCache,
        ageing);
  }

  public EngineOptions withPrefixCache(boolean value) {
    return new EngineOptions(
        maxSequences,
        maxQueued,
        kvBytes,
        stepTokens,
        minExitBatch,
        maxExitWait,
        depthBatching,
        value,
        ageing);
  }

  public EngineOptions withAgeing(Duration value) {
    return new EngineOptions(
        maxSequences,
        maxQueued,
        kvBytes,
        stepTokens,
        minExitBatch,
        maxExitWait,
        depthBatching,
        prefixCache,
        value);
  }
}
