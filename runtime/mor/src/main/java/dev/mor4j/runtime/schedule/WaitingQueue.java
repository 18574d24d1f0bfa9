package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.engine.RequestPriority;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Sequences that wait: by priority, then in the order of arrival. A sequence rises by one priority
 * for each {@code ageingNanos} that it has waited, without end, so the oldest one is first sooner
 * or later. One thread at a time.
 */
final class WaitingQueue {
  private static final RequestPriority[] PRIORITIES = RequestPriority.values();

  private final long ageingNanos;

  /** By priority, in the order of arrival. */
  private final Map<RequestPriority, NavigableSet<Sequence>> byPriority =
      new EnumMap<>(RequestPriority.class);

  private int size;

  WaitingQueue(long ageingNanos) {
    this.ageingNanos = ageingNanos;
    for (RequestPriority priority : PRIORITIES) {
      byPriority.put(priority, new TreeSet<>(Comparator.comparingLong(waits -> waits.number)));
    }
  }

  int size() {
    return size;
  }

  /** Puts a sequence in its place by its number, also one that was here before. */
  void add(Sequence sequence) {
    size += of(sequence).add(sequence) ? 1 : 0;
  }

  /** Takes a sequence out, where it is in. Allocates nothing. */
  boolean remove(Sequence sequence) {
    boolean removed = of(sequence).remove(sequence);
    size -= removed ? 1 : 0;
    return removed;
  }

  private NavigableSet<Sequence> of(Sequence sequence) {
    return byPriority.get(sequence.priority);
  }

  /** One that waits; null when none does. Allocates nothing. */
  Sequence any() {
    for (RequestPriority priority : PRIORITIES) {
      if (!byPriority.get(priority).isEmpty()) {
        return byPriority.get(priority).first();
      }
    }
    return null;
  }

  /** The one whose turn is next; null when none waits. */
  Sequence first(long now) {
    Sequence best = null;
    // Among those of a priority the first has waited longest, so it is their best.
    for (NavigableSet<Sequence> waiting : byPriority.values()) {
      if (!waiting.isEmpty()) {
        Sequence sequence = waiting.first();
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
    for (NavigableSet<Sequence> waiting : byPriority.values()) {
      for (Sequence sequence : waiting) {
        if (wanted.test(sequence)) {
          selected.add(sequence);
        }
      }
    }
    return selected;
  }
}
