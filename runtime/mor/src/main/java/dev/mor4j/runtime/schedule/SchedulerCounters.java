package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.engine.EngineStep;
import dev.mor4j.runtime.engine.FinishReason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What a scheduler has done, counted. One thread at a time. */
public final class SchedulerCounters {
  /** Steps kept for timelines. */
  private static final int TIMELINE_STEPS = 4096;

  long promptTokens;
  long cachedPromptTokens;
  long generatedTokens;
  final long[] generatedAtDepth;
  long passes;
  long passRows;
  long preemptions;
  long failed;
  long outOfMemory;
  private final Map<FinishReason, AtomicLong> finished = new EnumMap<>(FinishReason.class);
  private final ArrayDeque<EngineStep> timeline = new ArrayDeque<>();

  SchedulerCounters(int recursions) {
    generatedAtDepth = new long[recursions];
    for (FinishReason reason : FinishReason.values()) {
      finished.put(reason, new AtomicLong());
    }
  }

  void generated(int depth) {
    generatedTokens++;
    // A threshold that keeps a token out of every recursion leaves it at depth 0.
    if (depth > 0) {
      generatedAtDepth[depth - 1]++;
    }
  }

  /** Counts a sequence that has ended. Allocates nothing. */
  void finished(FinishReason reason) {
    finished.get(reason).incrementAndGet();
  }

  void step(EngineStep step) {
    if (timeline.size() == TIMELINE_STEPS) {
      timeline.removeFirst();
    }
    timeline.addLast(step);
  }

  /** The last steps, oldest first; a copy. */
  public List<EngineStep> timeline() {
    return new ArrayList<>(timeline);
  }

  public long promptTokens() {
    return promptTokens;
  }

  public long cachedPromptTokens() {
    return cachedPromptTokens;
  }

  public long generatedTokens() {
    return generatedTokens;
  }

  /** By depth 1 .. N; a copy. */
  public List<Long> generatedAtDepth() {
    List<Long> copy = new ArrayList<>();
    for (long count : generatedAtDepth) {
      copy.add(count);
    }
    return copy;
  }

  public long passes() {
    return passes;
  }

  public long passRows() {
    return passRows;
  }

  public long preemptions() {
    return preemptions;
  }

  public long failed() {
    return failed;
  }

  /** How many of those that failed did so for want of memory on a device. */
  public long outOfMemory() {
    return outOfMemory;
  }

  /** Sequences ended, by reason; a copy. */
  public Map<FinishReason, Long> finished() {
    Map<FinishReason, Long> copy = new EnumMap<>(FinishReason.class);
    finished.forEach((reason, count) -> copy.put(reason, count.get()));
    return copy;
  }
}
