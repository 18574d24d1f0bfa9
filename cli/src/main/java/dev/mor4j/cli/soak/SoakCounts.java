package dev.mor4j.cli.soak;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What became of requests. Any thread. */
final class SoakCounts {
  /** Problems that are told; further ones are only counted. */
  private static final int MOST_PROBLEMS = 20;

  /** How a request ended. */
  enum Outcome {
    /** The whole text came, and was the one that the request gives alone. */
    COMPLETED,
    /** The client closed its connection before the end. */
    DISCONNECTED,
    /** The server had too much to do. */
    REFUSED,
    /** It was not well formed, and the server said so. */
    MALFORMED,
    /** In another way; a problem says how. */
    FAILED
  }

  private final Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
  private final List<String> problems = new ArrayList<>();
  private long sent;

  synchronized void sent() {
    sent++;
  }

  synchronized void ended(Outcome outcome) {
    outcomes.merge(outcome, 1L, Long::sum);
  }

  /** A request ended in a way that is wrong. */
  synchronized void failed(String problem) {
    ended(Outcome.FAILED);
    problem(problem);
  }

  synchronized void problem(String problem) {
    if (problems.size() < MOST_PROBLEMS) {
      problems.add(problem);
    }
  }

  synchronized long requests() {
    return sent;
  }

  synchronized long of(Outcome outcome) {
    return outcomes.getOrDefault(outcome, 0L);
  }

  synchronized long ended() {
    return outcomes.values().stream().mapToLong(Long::longValue).sum();
  }

  synchronized List<String> problems() {
    return List.copyOf(problems);
  }
}
