package dev.mor4j.runtime.text.vocabulary;

import java.util.Arrays;

/**
 * Merges neighbours in the order of their ranks, of equal ones the leftmost first, until none is
 * left to merge.
 */
final class Merging {
  private static final int NO_MERGE = MergeTable.NO_MERGE;
  private static final int LONG = 48;
  private static final int BLOCK_BITS = 4;

  private Merging() {}

  /**
   * Merges {@code symbols[0, count)} in place.
   *
   * @return how many are left; they stand at the beginning
   */
  static int merge(MergeTable merges, int[] symbols, int count) {
    if (count > LONG) {
      return new LongPiece(merges, symbols, count).merge();
    }
    int[] ranks = new int[count];
    for (int i = 0; i + 1 < count; i++) {
      ranks[i] = merges.rank(symbols[i], symbols[i + 1]);
    }
    int size = count;
    while (size > 1) {
      int at = 0;
      int best = ranks[0];
      for (int i = 1; i < size - 1; i++) {
        if (ranks[i] < best) {
          best = ranks[i];
          at = i;
        }
      }
      if (best == NO_MERGE) {
        break;
      }
      symbols[at] = merges.result(best);
      size--;
      for (int i = at + 1; i < size; i++) {
        symbols[i] = symbols[i + 1];
        ranks[i] = ranks[i + 1];
      }
      ranks[at] = at + 1 < size ? merges.rank(symbols[at], symbols[at + 1]) : NO_MERGE;
      if (at > 0) {
        ranks[at - 1] = merges.rank(symbols[at - 1], symbols[at]);
      }
    }
    return size;
  }

  /**
   * Many symbols, in O(n log n) and some nine bytes for each: a tournament of blocks finds the best
   * rank. A symbol stays where it began. Of the places that it has swallowed the first says where
   * it ends, and the last where it begins.
   */
  private static final class LongPiece {
    private final MergeTable merges;
    // Less than 0: swallowed. The place behind a symbol's beginning: ~end.
    private final int[] symbols;
    // Of a swallowed place that is its symbol's last: where that begins.
    private final int[] ranks;
    private final int count;
    // Winners; those of blocks from leaves on. -1: nothing.
    private final int[] tree;
    private final int leaves;

    LongPiece(MergeTable merges, int[] symbols, int count) {
      this.merges = merges;
      this.symbols = symbols;
      this.count = count;
      ranks = new int[count];
      for (int i = 0; i + 1 < count; i++) {
        ranks[i] = merges.rank(symbols[i], symbols[i + 1]);
      }
      ranks[count - 1] = NO_MERGE;
      int blocks = ((count - 1) >> BLOCK_BITS) + 1;
      leaves = blocks == 1 ? 1 : Integer.highestOneBit(blocks - 1) * 2;
      tree = new int[leaves * 2];
      Arrays.fill(tree, -1);
      for (int block = 0; block < blocks; block++) {
        tree[leaves + block] = winner(block);
      }
      for (int node = leaves - 1; node > 0; node--) {
        tree[node] = better(tree[node * 2], tree[node * 2 + 1]);
      }
    }

    int merge() {
      while (true) {
        int at = tree[1];
        if (at < 0) {
          break;
        }
        int right = next(at);
        int end = next(right);
        symbols[at] = merges.result(ranks[at]);
        symbols[right] = -1;
        symbols[end - 1] = -1;
        symbols[at + 1] = ~end;
        ranks[end - 1] = at;
        ranks[at] = end < count ? merges.rank(symbols[at], symbols[end]) : NO_MERGE;
        int before = at == 0 ? -1 : symbols[at - 1] < 0 ? ranks[at - 1] : at - 1;
        if (before >= 0) {
          ranks[before] = merges.rank(symbols[before], symbols[at]);
        }
        update(at >> BLOCK_BITS);
        if (right >> BLOCK_BITS != at >> BLOCK_BITS) {
          update(right >> BLOCK_BITS);
        }
        if (before >= 0 && before >> BLOCK_BITS != at >> BLOCK_BITS) {
          update(before >> BLOCK_BITS);
        }
      }
      int size = 0;
      for (int i = 0; i < count; ) {
        int next = next(i);
        symbols[size++] = symbols[i];
        i = next;
      }
      return size;
    }

    private int next(int at) {
      int next = at + 1;
      return next < count && symbols[next] < 0 ? ~symbols[next] : next;
    }

    private int winner(int block) {
      int end = Math.min(count, (block + 1) << BLOCK_BITS);
      int best = NO_MERGE;
      int winner = -1;
      for (int i = block << BLOCK_BITS; i < end; i++) {
        if (symbols[i] >= 0 && ranks[i] < best) {
          best = ranks[i];
          winner = i;
        }
      }
      return winner;
    }

    private int better(int left, int right) {
      if (left < 0 || right < 0) {
        return Math.max(left, right);
      }
      return ranks[right] < ranks[left] ? right : left;
    }

    private void update(int block) {
      int node = leaves + block;
      tree[node] = winner(block);
      while (node > 1) {
        node >>= 1;
        tree[node] = better(tree[node * 2], tree[node * 2 + 1]);
      }
    }
  }
}
