package dev.mor4j.runtime;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What an engine measures of its requests. Refusals are counted by any thread, the rest by the
 * engine's.
 */
final class EngineMeasures {
  final AtomicLong submitted = new AtomicLong();
  final LatencyHistogram timeToFirstToken = new LatencyHistogram();
  final LatencyHistogram betweenTokens = new LatencyHistogram();
  final LatencyHistogram queueTime = new LatencyHistogram();
  final LatencyHistogram requestTime = new LatencyHistogram();
  private final Map<RequestRefusedException.Reason, AtomicLong> refused =
      new EnumMap<>(RequestRefusedException.Reason.class);

  EngineMeasures() {
    for (RequestRefusedException.Reason reason : RequestRefusedException.Reason.values()) {
      refused.put(reason, new AtomicLong());
    }
  }

  /** Counts a refusal and gives it back to be thrown. */
  RequestRefusedException refuse(RequestRefusedException.Reason reason, String message) {
    return refuse(reason, message, null);
  }

  /** As above, because of {@code cause}. */
  RequestRefusedException refuse(
      RequestRefusedException.Reason reason, String message, Throwable cause) {
    refused.get(reason).incrementAndGet();
    return new RequestRefusedException(reason, message, cause);
  }

  Map<RequestRefusedException.Reason, Long> refused() {
    Map<RequestRefusedException.Reason, Long> copy =
        new EnumMap<>(RequestRefusedException.Reason.class);
    refused.forEach((reason, count) -> copy.put(reason, count.get()));
    return copy;
  }
}
