package dev.mor4j.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.cache.KvAudit;
import dev.mor4j.runtime.cache.KvPlan;
import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.forward.TokenBatch;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What must hold of a scheduler between any two steps. */
final class SchedulerAudit {
  private SchedulerAudit() {}

  static void check(
      Scheduler scheduler, KvPlan plan, KvPools pools, TokenBatch tokens, long kvBytes) {
    checkRows(scheduler);
    for (Sequence sequence : scheduler.running()) {
      checkLengths(sequence, plan, tokens, inBlock(scheduler));
    }
    List<SequenceCaches> caches =
        scheduler.running().stream().map(sequence -> sequence.caches).toList();
    KvAudit.check(pools, caches, scheduler.prefixes());
    SchedulerState state = scheduler.state();
    assertThat(state.kvHeldBytes()).isLessThanOrEqualTo(kvBytes);
    assertThat(state.kvHeldBytes() + state.kvPromisedBytes()).isLessThanOrEqualTo(kvBytes);
  }

  private static Set<Integer> inBlock(Scheduler scheduler) {
    Set<Integer> rows = new HashSet<>();
    for (int row : scheduler.block().active()) {
      rows.add(row);
    }
    return rows;
  }

  /** Every row is free or one sequence's; every one of these is in the block or waits to leave. */
  private static void checkRows(Scheduler scheduler) {
    Rows rows = scheduler.block().rows();
    Set<Integer> taken = new HashSet<>();
    Map<Sequence, Integer> active = new HashMap<>();
    for (int row : scheduler.block().active()) {
      assertThat(rows.owner(row)).isNotNull();
      active.merge(rows.owner(row), 1, Integer::sum);
    }
    assertThat(inBlock(scheduler)).hasSize(scheduler.block().active().length);
    for (Sequence sequence : scheduler.running()) {
      for (int i = 0; i < sequence.rowCount; i++) {
        assertThat(rows.owner(sequence.rows[i])).isSameAs(sequence);
        assertThat(taken.add(sequence.rows[i])).isTrue();
      }
      assertThat(active.getOrDefault(sequence, 0)).isEqualTo(sequence.inBlock);
      assertThat(scheduler.exits().waiting().contains(sequence))
          .isEqualTo(sequence.state == Sequence.State.LEAVING);
      switch (sequence.state) {
        case READY -> assertThat(sequence.rowCount).isZero();
        case IN_BLOCK -> assertThat(sequence.inBlock).isPositive();
        case LEAVING -> {
          assertThat(sequence.inBlock).isZero();
          assertThat(sequence.rowCount).isPositive();
        }
        case WAITING, ENDED -> throw new AssertionError("runs and is " + sequence.state);
      }
    }
    assertThat(taken).hasSize(rows.capacity() - rows.freeCount());
    assertThat(scheduler.exits().waiting()).allMatch(scheduler.running()::contains);
  }

  /**
   * docs/forward-pass.md, section 8, invariant 3: a cache has an entry for each token that got
   * there, no other.
   */
  private static void checkLengths(
      Sequence sequence, KvPlan plan, TokenBatch tokens, Set<Integer> inBlock) {
    SequenceCaches caches = sequence.caches;
    boolean routed = plan.recursionCaches() > 0;
    if (caches.common() != null) {
      int expected = sequence.computed();
      for (int i = 0; i < sequence.rowCount; i++) {
        expected += routed || !inBlock.contains(sequence.rows[i]) ? 1 : 0;
      }
      assertThat(caches.common().length()).isEqualTo(expected);
    }
    for (int r = 0; r < plan.recursionCaches(); r++) {
      int expected = 0;
      for (int t = 0; t < sequence.computed(); t++) {
        expected += plan.stores(r, sequence.depth(t)) ? 1 : 0;
      }
      for (int i = 0; i < sequence.rowCount; i++) {
        int row = sequence.rows[i];
        boolean stored =
            inBlock.contains(row) ? tokens.recursion(row) > r : plan.stores(r, tokens.depth(row));
        expected += stored ? 1 : 0;
      }
      assertThat(caches.recursion(r).length()).isEqualTo(expected);
    }
  }
}
