package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.engine.RequestPriority;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Sequences that wait: by priority, then in the order of arrival. A sequence rises by one priority
 * for each {@code ageingNanos} that it has waited, without end, so the oldest one is first sooner
 * or later. One thread at a time.
 */
final class WaitingQueue {
  private final long ageingNanos;
  private final Map<RequestPriority, TreeMap<Long, Sequence>> byPriority =
      new EnumMap<>(RequestPriority.class);
  private int size;

  WaitingQueue(long ageingNanos) {
    this.ageingNanos = ageingNanos;
    for (RequestPriority priority : RequestPriority.values()) {
      byPriority.put(priority, new TreeMap<>());
    }
  }

  int size() {
    return size;
  }

  /** Puts a sequence in its place by its number, also one that was here before. */
  void add(Sequence sequence) {
    byPriority.get(sequence.priority).put(sequence.number, sequence);
    size++;
  }

  boolean remove(Sequence sequence) {
    boolean removed = byPriority.get(sequence.priority).remove(sequence.number) != null;
    size -= removed ? 1 : 0;
    return removed;
  }

  /** The one whose turn is next; null when none waits. */
  Sequence first(long now) {
    Sequence best = null;
    // Among those of a priority the first has waited longest, so it is their best.
    for (TreeMap<Long, Sequence> waiting : byPriority.values()) {
      if (!waiting.isEmpty()) {
        Sequence sequence = waiting.firstEntry().getValue();
        best = best == null || isBefore(sequence, best, now) ? sequence : best;
      }
    }
    return best;
  }

  /** Whether the turn of {@code a} is before that of {@code b}, which may wait or run. */
  boolean isBefore(Sequence a, Sequence b, long now) {
    long rankOfA = rank(a, now);
    long rankOfB = rank(b, now);
    return rankOfA > rankOfB || (rankOfA == rankOfB && a.number < b.number);
  }

  private long rank(Sequence sequence, long now) {
    long rank =
        switch (sequence.priority) {
          case LOW -> 0;
          case NORMAL -> 1;
          case HIGH -> 2;
        };
    return rank + (now - sequence.submittedNanos) / ageingNanos;
  }

  /** Those that {@code wanted} holds for; in no particular order. */
  List<Sequence> select(Predicate<Sequence> wanted) {
    List<Sequence> selected = new ArrayList<>();
    for (TreeMap<Long, Sequence> waiting : byPriority.values()) {
      for (Sequence sequence : waiting.values()) {
        if (wanted.test(sequence)) {
          selected.add(sequence);
        }
      }
    }
    return selected;
  }
}
