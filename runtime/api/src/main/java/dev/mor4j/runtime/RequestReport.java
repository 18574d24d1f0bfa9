package dev.mor4j.runtime;

import java.util.Locale;

/** How an engine treated a request. */
public final class RequestReport {
  private final long queuedNanos;
  private final long firstTokenNanos;
  private final long totalNanos;
  private final int cachedPromptTokens;
  private final int preemptions;

  RequestReport(
      long queuedNanos,
      long firstTokenNanos,
      long totalNanos,
      int cachedPromptTokens,
      int preemptions) {
    this.queuedNanos = queuedNanos;
    this.firstTokenNanos = firstTokenNanos;
    this.totalNanos = totalNanos;
    this.cachedPromptTokens = cachedPromptTokens;
    this.preemptions = preemptions;
  }

  /** Nanoseconds from submission until it first ran; until its end where it never did. */
  public long queuedNanos() {
    return queuedNanos;
  }

  /** Nanoseconds from submission to its first token; 0 without one. */
  public long firstTokenNanos() {
    return firstTokenNanos;
  }

  /** Nanoseconds from submission to its end. */
  public long totalNanos() {
    return totalNanos;
  }

  /** Tokens of the prompt that were found in the prefix cache when it first ran. */
  public int cachedPromptTokens() {
    return cachedPromptTokens;
  }

  /** How often it gave its pages up and was computed again. */
  public int preemptions() {
    return preemptions;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "RequestReport[queued %.3f ms, first token after %.3f ms, ended after %.3f ms, %d prompt"
            + " tokens cached, %d preemptions]",
        queuedNanos / 1e6,
        firstTokenNanos / 1e6,
        totalNanos / 1e6,
        cachedPromptTokens,
        preemptions);
  }
}
