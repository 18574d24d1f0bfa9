package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.schedule.SchedulerCounters;
import dev.mor4j.runtime.schedule.SchedulerState;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * What an engine has done since it was made, and what it does now. A consistent copy: taken between
 * two steps.
 */
public final class EngineStatistics {
  private final long submitted;
  private final Map<RequestRefusedException.Reason, Long> refused;
  private final Map<FinishReason, Long> finished;
  private final long failed;
  private final long outOfMemory;
  private final int queued;
  private final int running;
  private final List<Integer> activeRows;
  private final int waitingExits;
  private final long promptTokens;
  private final long cachedPromptTokens;
  private final long generatedTokens;
  private final List<Long> generatedAtDepth;
  private final long passes;
  private final long passRows;
  private final long preemptions;
  private final long kvBudgetBytes;
  private final long kvHeldBytes;
  private final long kvPromisedBytes;
  private final long kvPrefixBytes;
  private final LatencyHistogram timeToFirstToken;
  private final LatencyHistogram betweenTokens;
  private final LatencyHistogram queueTime;
  private final LatencyHistogram requestTime;

  /** Copies what there is to tell; on the thread that schedules. */
  EngineStatistics(
      EngineMeasures measures, SchedulerCounters done, SchedulerState state, long kvBudgetBytes) {
    this.submitted = measures.submitted.get();
    this.refused = Collections.unmodifiableMap(measures.refused());
    this.finished = Collections.unmodifiableMap(done.finished());
    this.failed = done.failed();
    this.outOfMemory = done.outOfMemory();
    this.queued = state.queued();
    this.running = state.running();
    this.activeRows = state.activeRows();
    this.waitingExits = state.waitingExits();
    this.promptTokens = done.promptTokens();
    this.cachedPromptTokens = done.cachedPromptTokens();
    this.generatedTokens = done.generatedTokens();
    this.generatedAtDepth = List.copyOf(done.generatedAtDepth());
    this.passes = done.passes();
    this.passRows = done.passRows();
    this.preemptions = done.preemptions();
    this.kvBudgetBytes = kvBudgetBytes;
    this.kvHeldBytes = state.kvHeldBytes();
    this.kvPromisedBytes = state.kvPromisedBytes();
    this.kvPrefixBytes = state.kvPrefixBytes();
    this.timeToFirstToken = measures.timeToFirstToken.copy();
    this.betweenTokens = measures.betweenTokens.copy();
    this.queueTime = measures.queueTime.copy();
    this.requestTime = measures.requestTime.copy();
  }

  /** Requests taken in. */
  public long submitted() {
    return submitted;
  }

  /** Requests refused, by reason. */
  public Map<RequestRefusedException.Reason, Long> refused() {
    return refused;
  }

  /** Requests ended, by reason. */
  public Map<FinishReason, Long> finished() {
    return finished;
  }

  /** Requests ended by an error. */
  public long failed() {
    return failed;
  }

  /** How many of the failed requests ended for want of memory on a device. */
  public long outOfMemory() {
    return outOfMemory;
  }

  /** Requests that wait now, those preempted among them. */
  public int queued() {
    return queued;
  }

  /** Sequences that run now. */
  public int running() {
    return running;
  }

  /** Rows in the block now, by the recursion they are about to take, [N]. */
  public List<Integer> activeRows() {
    return activeRows;
  }

  /** Tokens that have left the block and wait for others to leave with. */
  public int waitingExits() {
    return waitingExits;
  }

  /**
   * Tokens of prompts that were computed or found in the prefix cache; computed again after a
   * preemption, they count again.
   */
  public long promptTokens() {
    return promptTokens;
  }

  /** How many of the tokens of prompts were found in the prefix cache. */
  public long cachedPromptTokens() {
    return cachedPromptTokens;
  }

  /** Tokens generated. */
  public long generatedTokens() {
    return generatedTokens;
  }

  /** Generated tokens by depth 1 .. N, [N]. */
  public List<Long> generatedAtDepth() {
    return generatedAtDepth;
  }

  /** Passes of the block. */
  public long passes() {
    return passes;
  }

  /** Rows of all passes. */
  public long passRows() {
    return passRows;
  }

  /** Sequences that gave their pages up and were computed again later. */
  public long preemptions() {
    return preemptions;
  }

  /** The budget for KV pages in bytes. */
  public long kvBudgetBytes() {
    return kvBudgetBytes;
  }

  /** Bytes of pages that sequences or the prefix cache hold. */
  public long kvHeldBytes() {
    return kvHeldBytes;
  }

  /** Bytes of pages promised to tokens in the block, by the worst case. */
  public long kvPromisedBytes() {
    return kvPromisedBytes;
  }

  /** Bytes of pages that only the prefix cache holds. */
  public long kvPrefixBytes() {
    return kvPrefixBytes;
  }

  /** Microseconds from submission to the first token. */
  public LatencyHistogram timeToFirstToken() {
    return timeToFirstToken;
  }

  /** Microseconds from a token to the next of its request. */
  public LatencyHistogram betweenTokens() {
    return betweenTokens;
  }

  /** Microseconds from submission until a request first ran. */
  public LatencyHistogram queueTime() {
    return queueTime;
  }

  /** Microseconds from submission to the end, of those that ended by themselves. */
  public LatencyHistogram requestTime() {
    return requestTime;
  }

  @Override
  public String toString() {
    return "EngineStatistics["
        + submitted
        + " requests submitted, refused "
        + refused
        + ", finished "
        + finished
        + ", failed "
        + failed
        + ", "
        + running
        + " running, "
        + queued
        + " queued; "
        + promptTokens
        + " prompt tokens ("
        + cachedPromptTokens
        + " cached), "
        + generatedTokens
        + " generated, by depth "
        + generatedAtDepth
        + "; "
        + passes
        + " passes of "
        + passRows
        + " rows, "
        + preemptions
        + " preemptions; KV pages of "
        + kvHeldBytes
        + " bytes held, budget "
        + kvBudgetBytes
        + "; time to first token "
        + timeToFirstToken
        + ", between tokens "
        + betweenTokens
        + "]";
  }
}
