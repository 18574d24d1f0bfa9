package dev.mor4j.runtime.cache;

import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.kv.KvPageLayout;
import java.util.Arrays;

/**
 * All KV caches of one sequence, as its {@link KvPlan} says. Borrows pages from the model's pools;
 * {@link #close()} gives them back. One thread at a time.
 */
public final class SequenceCaches implements AutoCloseable {
  private static final int NONE = -1;
  private static final int LEAST_SLOTS = 64;
  private static final int[] NO_SLOTS = {};

  private final KvPlan plan;
  private final KvCache common;
  private final KvCache[] recursions;
  private final KvPools pools;
  private final int[][] overlaySlots;

  public SequenceCaches(KvPlan plan, KvPools pools) {
    this.plan = plan;
    this.pools = pools;
    this.common = plan.commonLayers() == 0 ? null : new KvCache(pools.common());
    this.recursions = new KvCache[plan.recursionCaches()];
    this.overlaySlots = new int[plan.recursionCaches()][];
    for (int r = 0; r < recursions.length; r++) {
      recursions[r] = new KvCache(pools.block());
      overlaySlots[r] = NO_SLOTS;
    }
  }

  public KvPlan plan() {
    return plan;
  }

  /** The cache that all tokens are in. */
  public KvCache common() {
    return common;
  }

  /**
   * The cache of the block in {@code recursion}; with sharing, that of recursion 0 is read by all.
   */
  public KvCache recursion(int recursion) {
    return recursions[recursion];
  }

  /**
   * Sharing with update: for each position the entry of the overlay of {@code recursion} that takes
   * its place, or -1; at least {@code positions} long.
   */
  public int[] overlaySlots(int recursion, int positions) {
    int[] slots = overlaySlots[recursion];
    if (slots.length < positions) {
      int known = slots.length;
      slots = Arrays.copyOf(slots, Math.max(LEAST_SLOTS, Math.max(positions, 2 * known)));
      Arrays.fill(slots, known, slots.length, NONE);
      overlaySlots[recursion] = slots;
    }
    return slots;
  }

  /** Sharing with update: the token at {@code position} has no entry in the overlay. */
  public void removeOverlay(int recursion, int position) {
    overlaySlots[recursion][position] = NONE;
  }

  /**
   * Sharing with update: finds the entries of the overlays again from the depths of the first
   * {@code tokens} tokens, which took them in order.
   */
  void restoreOverlays(int[] depths, int tokens) {
    for (int r = 1; r < recursions.length; r++) {
      if (plan.blockMode(r) == KvMode.OVERLAY) {
        int[] slots = overlaySlots(r, tokens);
        int next = 0;
        for (int t = 0; t < tokens; t++) {
          slots[t] = depths[t] > r ? next++ : NONE;
        }
      }
    }
  }

  /** The most places that {@link #overlaySlots} has after {@link #reserve} up to a position. */
  public static int mostOverlaySlots(int positions) {
    return Math.max(LEAST_SLOTS, 2 * positions);
  }

  /**
   * Makes room for {@code tokens} more tokens after {@code position}, whichever depths they reach:
   * lists here, and pages in the pools as far as those keep any ready. Taking the tokens through
   * the model one by one then allocates nothing; beyond what pools keep ready, a slab at a time.
   */
  public void reserve(int position, int tokens) {
    if (common != null) {
      pools.common().reserve(common.reserve(tokens));
    }
    int pages = 0;
    for (int r = 0; r < recursions.length; r++) {
      pages += recursions[r].reserve(tokens);
      if (plan.blockMode(r) == KvMode.OVERLAY) {
        overlaySlots(r, position + tokens);
      }
    }
    if (recursions.length > 0) {
      pools.block().reserve(pages);
    }
  }

  /**
   * Bytes of the pages that {@code tokens} more tokens take at most, all of them in {@code
   * maxRecursions} recursions.
   */
  public long worstCaseBytes(int tokens, int maxRecursions) {
    long bytes = common == null ? 0 : common.pagesFor(tokens) * pools.common().pageBytes();
    for (int r = 0; r < plan.reachableCaches(maxRecursions); r++) {
      bytes += recursions[r].pagesFor(tokens) * pools.block().pageBytes();
    }
    return bytes;
  }

  /** Bytes of the pages taken from the pools, ever: given back since, they still count. */
  public long takenBytes() {
    long bytes = common == null ? 0 : common.takenBytes();
    for (KvCache cache : recursions) {
      bytes += cache.takenBytes();
    }
    return bytes;
  }

  /** Bytes of the entries stored: Σ over caches of entries · {@link KvPageLayout#entryBytes()}. */
  public long usedBytes() {
    long bytes = common == null ? 0 : common.usedBytes();
    for (KvCache cache : recursions) {
      bytes += cache.usedBytes();
    }
    return bytes;
  }

  /** Bytes of the pages borrowed. */
  public long heldBytes() {
    long bytes = common == null ? 0 : common.heldBytes();
    for (KvCache cache : recursions) {
      bytes += cache.heldBytes();
    }
    return bytes;
  }

  /**
   * Entries stored: Σ over caches of entries · layers; each is one key and one value of all KV
   * heads.
   */
  public long entries() {
    long entries = common == null ? 0 : (long) common.length() * common.layers();
    for (KvCache cache : recursions) {
      entries += (long) cache.length() * cache.layers();
    }
    return entries;
  }

  /**
   * Forgets the sequence and gives all pages back; may be used again for another sequence.
   * Allocates nothing.
   */
  @Override
  public void close() {
    try {
      if (common != null) {
        common.close();
      }
    } finally {
      closeRecursions(0);
    }
  }

  private void closeRecursions(int first) {
    if (first < recursions.length) {
      overlaySlots[first] = NO_SLOTS;
      try {
        recursions[first].close();
      } finally {
        closeRecursions(first + 1);
      }
    }
  }
}
