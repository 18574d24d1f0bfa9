package dev.mor4j.cli.load;

import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.RequestRefusedException;
import dev.mor4j.runtime.engine.FinishReason;
import java.util.ArrayList;
import java.util.List;

/** Holds what clients saw of a stage against what should be, and against the engine's own books. */
final class StageCheck {
  private final Counts counts;
  private final List<String> problems = new ArrayList<>();

  StageCheck(Counts counts) {
    this.counts = counts;
  }

  /** Every request ended once, and none failed. */
  StageCheck clients(int stillInFlight, List<String> failures) {
    equal("requests ended", counts.ended(), "sent", counts.sent());
    if (stillInFlight > 0) {
      problems.add(stillInFlight + " requests have not ended, though they were cancelled");
    }
    long failed = counts.of(Ending.FAILED);
    if (failed > 0) {
      problems.add(
          failed
              + (failed == 1 ? " request" : " requests")
              + " failed "
              + counts.reasons().get(Ending.FAILED)
              + ": "
              + String.join("; ", failures));
    }
    return this;
  }

  /** The engine counted what the clients did, and holds nothing any more. */
  StageCheck engine(EngineWork work, EngineStatistics now) {
    long refused = counts.of(Ending.REFUSED);
    equal(
        "requests that the engine took in or refused",
        work.requests().submitted() + sum(work),
        "sent",
        counts.sent());
    equal("requests that the engine refused", sum(work), "that clients saw refused", refused);
    long finished = work.requests().finished().values().stream().mapToLong(Long::longValue).sum();
    equal(
        "requests that the engine ended",
        finished + work.requests().failed(),
        "taken in",
        work.requests().submitted());
    equal(
        "requests that the engine cancelled",
        work.requests().finished().get(FinishReason.CANCELLED),
        "that clients cancelled",
        counts.of(Ending.CANCELLED) + cancelledCuts());
    equal(
        "requests that the engine ended late",
        work.requests().finished().get(FinishReason.DEADLINE),
        "that clients saw end late",
        counts.of(Ending.DEADLINE));
    equal("requests still running", now.running(), "expected", 0);
    equal("requests still waiting", now.queued(), "expected", 0);
    equal(
        "bytes of KV pages still held",
        now.kvHeldBytes(),
        "held by the prefix cache",
        now.kvPrefixBytes());
    equal("bytes of KV pages still promised", now.kvPromisedBytes(), "expected", 0);
    return this;
  }

  private long cancelledCuts() {
    return counts.of(Ending.CUT);
  }

  private static long sum(EngineWork work) {
    long sum = 0;
    for (RequestRefusedException.Reason reason : RequestRefusedException.Reason.values()) {
      sum += work.requests().refused().get(reason);
    }
    return sum;
  }

  private void equal(String what, long found, String than, long expected) {
    if (found != expected) {
      problems.add(found + " " + what + ", " + expected + " " + than);
    }
  }

  List<String> problems() {
    return problems;
  }
}
