package dev.mor4j.runtime.text.vocabulary;

import java.util.Arrays;
import java.util.BitSet;

/** Ranks of merges by the pair that they merge. Filled by one thread; then any thread. */
final class MergeTable {
  /** The rank of a pair that does not merge; behind all others. */
  static final int NO_MERGE = Integer.MAX_VALUE;

  /** Most tokens, and most merges. */
  static final int MAX = 1 << 21;

  /** Bits of a token's index. */
  static final int BITS = 21;

  // Pair << 21 | rank + 1; 0: free. Left and right have 21 bits each.
  private long[] slots;
  // By rank.
  private int[] results;
  private final BitSet used = new BitSet();
  private int size;
  private int ranks;
  private int shift;

  MergeTable(int expected) {
    int merges = Math.clamp(expected, 16, MAX);
    resize(Integer.highestOneBit(merges) * 4);
    results = new int[merges];
  }

  /**
   * Adds a merge with the next rank. A pair that is there already has this rank from now on.
   *
   * @throws IllegalArgumentException when there are too many
   */
  void add(int left, int right, int result) {
    if (ranks == MAX - 1) {
      throw new IllegalArgumentException("the vocabulary has more than " + (MAX - 1) + " merges");
    }
    if (ranks == results.length) {
      results = Arrays.copyOf(results, ranks + (ranks >> 1));
    }
    results[ranks++] = result;
    used.set(left);
    used.set(right);
    put((long) left << BITS | right, ranks);
    if (size > slots.length / 2) {
      long[] old = slots;
      resize(old.length * 2);
      size = 0;
      for (long entry : old) {
        if (entry != 0) {
          put(entry >>> BITS, (int) entry & (MAX - 1));
        }
      }
    }
  }

  /** The rank of a pair, or {@link #NO_MERGE}. */
  int rank(int left, int right) {
    long pair = (long) left << BITS | right;
    long[] table = slots;
    int mask = table.length - 1;
    int slot = slot(pair);
    while (true) {
      long entry = table[slot & mask];
      if (entry >>> BITS == pair && entry != 0) {
        return ((int) entry & (MAX - 1)) - 1;
      }
      if (entry == 0) {
        return NO_MERGE;
      }
      slot++;
    }
  }

  /** Number of ranks. */
  int size() {
    return ranks;
  }

  /** Whether a merge has this token as its left or right. */
  boolean uses(int index) {
    return used.get(index);
  }

  /** The index of the token that the merge of this rank makes. */
  int result(int rank) {
    return results[rank];
  }

  private void put(long pair, int rankPlusOne) {
    int mask = slots.length - 1;
    int slot = slot(pair) & mask;
    while (slots[slot] != 0 && slots[slot] >>> BITS != pair) {
      slot = (slot + 1) & mask;
    }
    size += slots[slot] == 0 ? 1 : 0;
    slots[slot] = pair << BITS | rankPlusOne;
  }

  private int slot(long pair) {
    return (int) ((pair * 0x9E3779B97F4A7C15L) >>> shift);
  }

  private void resize(int length) {
    slots = new long[length];
    shift = 64 - Integer.numberOfTrailingZeros(length);
  }
}
