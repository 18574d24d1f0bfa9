package dev.mor4j.cli.load;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Counts what happens in a stage. Its size does not grow with the requests. Thread-safe. */
final class StageMeasures {
  private static final int MESSAGES = 5;

  private final Latencies latencies = new Latencies();
  private final Map<Ending, SortedMap<String, Long>> reasons = new EnumMap<>(Ending.class);
  private final List<String> failures = new ArrayList<>();
  private long sent;
  private long ended;
  private long completed;
  private long promptTokens;
  private long tokens;
  private long completedTokens;
  private long completedAsked;

  StageMeasures() {
    for (Ending ending : Ending.values()) {
      reasons.put(ending, new TreeMap<>());
    }
  }

  synchronized void sent() {
    sent++;
  }

  synchronized void dispatched(long nanos) {
    latencies.dispatch().add(nanos / 1000);
  }

  synchronized void firstToken(long nanos) {
    latencies.firstToken().add(nanos / 1000);
    tokens++;
  }

  synchronized void nextToken(long nanos) {
    latencies.betweenTokens().add(nanos / 1000);
    tokens++;
  }

  /** Corrects the tokens that came. */
  synchronized void moreTokens(long more) {
    tokens += more;
  }

  /** A request has ended, {@code nanos} after it was due; {@code asked} tokens were asked for. */
  synchronized void ended(RequestEnd end, int asked, long nanos) {
    ended++;
    reasons.get(end.ending()).merge(end.reason(), 1L, Long::sum);
    promptTokens += end.promptTokens();
    if (end.queuedNanos() >= 0) {
      latencies.queue().add(end.queuedNanos() / 1000);
    }
    if (end.ending() == Ending.COMPLETED) {
      completed++;
      completedTokens += end.tokens();
      completedAsked += asked;
      latencies.endToEnd().add(nanos / 1000);
    }
    if (end.ending() == Ending.FAILED
        && failures.size() < MESSAGES
        && !failures.contains(end.message())) {
      failures.add(end.message());
    }
  }

  synchronized Sample.Totals totals() {
    return new Sample.Totals(sent, ended, completed, tokens);
  }

  synchronized Counts counts() {
    Map<Ending, SortedMap<String, Long>> copy = new EnumMap<>(Ending.class);
    reasons.forEach((ending, of) -> copy.put(ending, new TreeMap<>(of)));
    return new Counts(sent, copy, promptTokens, tokens, completedTokens, completedAsked);
  }

  synchronized Latencies latencies() {
    return latencies.copy();
  }

  /** Messages of the first failures, each once. */
  synchronized List<String> failures() {
    return List.copyOf(failures);
  }
}
