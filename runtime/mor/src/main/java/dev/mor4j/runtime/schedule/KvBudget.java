package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.cache.KvPlan;
import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.cache.PrefixCache;
import java.util.List;

/**
 * The bytes of KV pages that all sequences and the prefix cache may hold together. Tokens on their
 * way through the model have the pages of their worst case promised, so a pass never finds none;
 * what early exits did not use is free again when they leave. One thread at a time.
 */
final class KvBudget {
  private final long limit;
  private final KvPlan plan;
  private final KvPools pools;
  private final PrefixCache prefixes;

  /** What {@link #promised} was when {@link #count} was called, and what was promised since. */
  private long counted;

  KvBudget(long limit, KvPlan plan, KvPools pools, PrefixCache prefixes) {
    this.limit = limit;
    this.plan = plan;
    this.pools = pools;
    this.prefixes = prefixes;
  }

  long limit() {
    return limit;
  }

  /** Bytes of the pages that anybody holds. */
  long held() {
    return pools.lentBytes();
  }

  /** Bytes of pages that only the prefix cache holds. */
  long kept() {
    return pools.keptBytes();
  }

  /** Bytes of pages that tokens on their way may take yet. */
  long promised(List<Sequence> running) {
    long bytes = 0;
    for (Sequence sequence : running) {
      bytes += sequence.promised();
    }
    return bytes;
  }

  private static long worstCase(Sequence sequence, int tokens) {
    return sequence.caches.worstCaseBytes(tokens, sequence.settings.maxRecursions());
  }

  /**
   * Whether there is room for all tokens that the sequence, which has caches, and those that run
   * know, and for each that runs to go on for a page in every cache.
   */
  boolean admits(Sequence sequence, List<Sequence> running) {
    long bytes = worstCase(sequence, sequence.due());
    long others = 0;
    for (Sequence other : running) {
      bytes += pools.worstCaseBytes(plan, 1, other.settings.maxRecursions());
      others += Math.max(worstCase(other, other.due()), other.promised());
    }
    return makeRoom(bytes, others);
  }

  /**
   * Adds up what those that run were promised, so that {@link #promise} need not: has to be called
   * again before it when pages were taken or one that runs went.
   */
  void count(List<Sequence> running) {
    counted = promised(running);
  }

  /** Promises the pages that the sequence's next tokens take at most; false where none are left. */
  boolean promise(Sequence sequence, int tokens) {
    long bytes = worstCase(sequence, tokens);
    if (!makeRoom(bytes, counted)) {
      return false;
    }
    counted += bytes;
    sequence.worstCase = bytes;
    sequence.takenBefore = sequence.caches.takenBytes();
    return true;
  }

  /** Whether those pages were there if nobody took what it was promised. */
  boolean fitsWithoutPromises(Sequence sequence, int tokens) {
    return fits(worstCase(sequence, tokens), 0);
  }

  /** Whether {@code bytes} fit beside what sequences hold and what they are {@code promised}. */
  private boolean fits(long bytes, long promised) {
    return held() - kept() + promised + bytes <= limit;
  }

  /** As {@link #fits}; if they do, drops as many prefixes as have to make room. */
  private boolean makeRoom(long bytes, long promised) {
    if (!fits(bytes, promised)) {
      return false;
    }
    while (held() + promised + bytes > limit) {
      prefixes.drop();
    }
    return true;
  }
}
