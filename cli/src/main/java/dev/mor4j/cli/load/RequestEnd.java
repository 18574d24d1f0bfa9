package dev.mor4j.cli.load;

import java.util.Locale;

/**
 * How a request ended, and what its target says about it.
 *
 * @param ending how
 * @param reason of its kind, for counting: {@code length}, {@code queue_full}, {@code http_429}
 * @param message for people, where it failed
 * @param promptTokens of the prompt; 0 where nobody said
 * @param tokens tokens that came
 * @param queuedNanos from submission until it first ran; negative where nobody said
 */
public record RequestEnd(
    Ending ending, String reason, String message, int promptTokens, int tokens, long queuedNanos) {
  private static final long UNKNOWN = -1;

  static RequestEnd refused(String reason) {
    return new RequestEnd(Ending.REFUSED, reason, "", 0, 0, UNKNOWN);
  }

  static RequestEnd failed(String reason, String message) {
    return new RequestEnd(Ending.FAILED, reason, message, 0, 0, UNKNOWN);
  }

  /** Failed by an error that the target threw. */
  static RequestEnd failed(Throwable cause) {
    return failed(cause.getClass().getSimpleName(), cause.toString());
  }

  static RequestEnd of(Ending ending, Enum<?> reason, int promptTokens, int tokens, long queued) {
    return new RequestEnd(ending, label(reason), "", promptTokens, tokens, queued);
  }

  /** Without what only an engine in this process knows. */
  static RequestEnd of(Ending ending, String reason, int promptTokens, int tokens) {
    return new RequestEnd(ending, reason, "", promptTokens, tokens, UNKNOWN);
  }

  /** {@code QUEUE_FULL} → {@code queue_full}. */
  static String label(Enum<?> reason) {
    return reason.name().toLowerCase(Locale.ROOT);
  }
}
