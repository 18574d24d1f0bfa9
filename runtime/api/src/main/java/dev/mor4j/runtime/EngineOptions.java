package dev.mor4j.runtime;

import dev.mor4j.runtime.schedule.SchedulerSettings;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * How an engine schedules. Immutable: a {@code with…} method gives options that differ in one
 * value.
 */
public final class EngineOptions {
  /** The values by name, at first the defaults; never changed once options have them. */
  private static final class Values {
    int maxSequences = 32;
    int maxQueued = 256;
    long kvBytes = 0;
    int stepTokens = 160;
    int minExitBatch = 0;
    int maxExitWait = 4;
    DepthBatching depthBatching = DepthBatching.CONTINUOUS;
    boolean prefixCache = true;
    Duration ageing = Duration.ofSeconds(5);

    Values copy() {
      Values copy = new Values();
      copy.maxSequences = maxSequences;
      copy.maxQueued = maxQueued;
      copy.kvBytes = kvBytes;
      copy.stepTokens = stepTokens;
      copy.minExitBatch = minExitBatch;
      copy.maxExitWait = maxExitWait;
      copy.depthBatching = depthBatching;
      copy.prefixCache = prefixCache;
      copy.ageing = ageing;
      return copy;
    }
  }

  private final Values values;

  private EngineOptions(Values values) {
    Options.require(
        values.maxSequences >= 1 && values.maxSequences <= 4096,
        "maxSequences",
        values.maxSequences,
        "1 to 4096");
    Options.require(
        values.maxQueued >= 1 && values.maxQueued <= 1 << 20,
        "maxQueued",
        values.maxQueued,
        "1 to 1048576");
    Options.require(
        values.kvBytes >= 0,
        "kvBytes",
        values.kvBytes,
        "1 or more, or 0 for what there is room for");
    Options.require(
        values.stepTokens > values.maxSequences && values.stepTokens <= 1 << 16,
        "stepTokens",
        values.stepTokens,
        "more than maxSequences, which is " + values.maxSequences + ", at most 65536");
    Options.require(
        values.minExitBatch >= 0 && values.minExitBatch <= 4096,
        "minExitBatch",
        values.minExitBatch,
        "1 to 4096, or 0 for what the engine finds best");
    Options.require(
        values.maxExitWait >= 0 && values.maxExitWait <= 1024,
        "maxExitWait",
        values.maxExitWait,
        "0 to 1024");
    Options.require(
        values.ageing.isPositive(), "ageing", values.ageing, "a duration of more than zero");
    this.values = values;
  }

  /**
   * 32 sequences, 256 requests that wait, up to 1 GiB for KV caches, 160 tokens a step, continuous
   * depth-wise batching, prefixes shared.
   */
  public static EngineOptions defaults() {
    return new EngineOptions(new Values());
  }

  private EngineOptions with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new EngineOptions(changed);
  }

  /** Most sequences that run at the same time, 1 to 4096. */
  public int maxSequences() {
    return values.maxSequences;
  }

  /** Most requests that wait; more are refused. */
  public int maxQueued() {
    return values.maxQueued;
  }

  /**
   * Budget for the KV pages of all sequences and of the prefix cache, in bytes; 0 for 1 GiB or,
   * where that is less, three quarters of what the memory of the machine and of its container
   * leaves beside the Java heap at its largest, the weights and the activations. The options of an
   * engine that is open have what it decided for.
   */
  public long kvBytes() {
    return values.kvBytes;
  }

  /**
   * Most tokens that are in the block at the same time, of prompts and of running texts; more than
   * {@link #maxSequences()}, so that prompts always make progress.
   */
  public int stepTokens() {
    return values.stepTokens;
  }

  /**
   * How many tokens of running texts have to be through the block before the last layers and the
   * head are computed for them; 0 for what the engine finds best for the sequences that run.
   */
  public int minExitBatch() {
    return values.minExitBatch;
  }

  /** Most passes of the block for which a token waits for others to leave with it. */
  public int maxExitWait() {
    return values.maxExitWait;
  }

  /** Whether tokens of different depths share passes. */
  public DepthBatching depthBatching() {
    return values.depthBatching;
  }

  /** Whether texts with the same beginning share the pages of it. */
  public boolean prefixCache() {
    return values.prefixCache;
  }

  /** A request that waits rises by one priority each time this passes. */
  public Duration ageing() {
    return values.ageing;
  }

  /** The same for the scheduler. Ageing longer than 292 years is as good as none. */
  SchedulerSettings scheduling() {
    return new SchedulerSettings(
        values.maxSequences,
        values.stepTokens,
        values.kvBytes,
        values.prefixCache,
        TimeUnit.NANOSECONDS.convert(values.ageing),
        new SchedulerSettings.ExitRule(
            values.minExitBatch,
            values.maxExitWait,
            values.depthBatching != DepthBatching.CONTINUOUS,
            values.depthBatching == DepthBatching.PADDED));
  }

  /**
   * These options with another {@link #maxSequences()}. {@link #stepTokens()} is raised to 128 more
   * than that where it is less.
   */
  public EngineOptions withMaxSequences(int value) {
    return with(
        changed -> {
          changed.maxSequences = value;
          changed.stepTokens = (int) Math.max(changed.stepTokens, value + 128L);
        });
  }

  /** These options with another {@link #maxQueued()}. */
  public EngineOptions withMaxQueued(int value) {
    return with(changed -> changed.maxQueued = value);
  }

  /** These options with another {@link #kvBytes()}. */
  public EngineOptions withKvBytes(long value) {
    return with(changed -> changed.kvBytes = value);
  }

  /** These options with another {@link #stepTokens()}. */
  public EngineOptions withStepTokens(int value) {
    return with(changed -> changed.stepTokens = value);
  }

  /** These options with another {@link #minExitBatch()}. */
  public EngineOptions withMinExitBatch(int value) {
    return with(changed -> changed.minExitBatch = value);
  }

  /** These options with another {@link #maxExitWait()}. */
  public EngineOptions withMaxExitWait(int value) {
    return with(changed -> changed.maxExitWait = value);
  }

  /** These options with another {@link #depthBatching()}. */
  public EngineOptions withDepthBatching(DepthBatching value) {
    Objects.requireNonNull(value, "value");
    return with(changed -> changed.depthBatching = value);
  }

  /** These options with another {@link #prefixCache()}. */
  public EngineOptions withPrefixCache(boolean value) {
    return with(changed -> changed.prefixCache = value);
  }

  /** These options with another {@link #ageing()}. */
  public EngineOptions withAgeing(Duration value) {
    Objects.requireNonNull(value, "value");
    return with(changed -> changed.ageing = value);
  }

  private Map<String, Object> named() {
    return Options.named(
        "maxSequences", values.maxSequences,
        "maxQueued", values.maxQueued,
        "kvBytes", values.kvBytes,
        "stepTokens", values.stepTokens,
        "minExitBatch", values.minExitBatch,
        "maxExitWait", values.maxExitWait,
        "depthBatching", values.depthBatching,
        "prefixCache", values.prefixCache,
        "ageing", values.ageing);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EngineOptions options && named().equals(options.named());
  }

  @Override
  public int hashCode() {
    return named().hashCode();
  }

  @Override
  public String toString() {
    return Options.text(EngineOptions.class, named());
  }
}
