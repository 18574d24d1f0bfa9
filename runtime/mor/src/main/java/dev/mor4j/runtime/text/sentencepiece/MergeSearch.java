package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.text.unigram.PieceTrie;
import dev.mor4j.runtime.text.utf8.Utf8;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Byte pair encoding of one stretch of text: of all neighbours that are a piece together, those
 * with the best score are joined, the leftmost first. One thread; used again for the next stretch.
 */
final class MergeSearch {
  // As the node of a symbol: it is joined with nothing.
  private static final int FROZEN = -2;
  private static final int NONE = -1;

  private final PieceTable pieces;
  private final PieceTrie trie;
  private final int[] ranks;
  private final boolean freezes;
  // Where UNUSED pieces came from: the length of the left part, by id. Null where there are none.
  private final Map<Integer, Integer> splits;

  // Symbols from left to right. One that was joined to its left neighbour has no length any more.
  private int[] starts = new int[64];
  private int[] nexts = new int[64];
  private int[] previous = new int[64];
  private int[] nodes = new int[64];
  // The node of a symbol and its right neighbour together; NONE where that is no piece.
  private int[] pairs = new int[64];
  private int count;
  // A heap of pairs, the best on top. Upper half: rank. Lower half: the left symbol.
  private long[] heap = new long[64];
  private int heapSize;
  private byte[] text;
  private int end;

  /**
   * @param ranks by id: the best score has 0, equal scores have the same
   * @param freezes whether symbols that the user defined may occur
   */
  MergeSearch(PieceTable pieces, int[] ranks, boolean freezes, boolean splits) {
    this.pieces = pieces;
    this.ranks = ranks;
    this.freezes = freezes;
    trie = pieces.text();
    this.splits = splits ? new HashMap<>() : null;
  }

  /** Joins what can be joined in {@code text[from, to)}, which is not empty. */
  void run(byte[] text, int from, int to) {
    this.text = text;
    end = to;
    count = 0;
    heapSize = 0;
    for (int i = from; i < to; ) {
      i = addSymbol(i, to);
    }
    for (int i = 0; i + 1 < count; i++) {
      pair(i, i + 1);
    }
    pairs[count - 1] = NONE;
    while (heapSize > 0) {
      long top = pop();
      int left = (int) top;
      int node = pairs[left];
      // Otherwise one of the two has been joined with another one since.
      if (node != NONE && ranks[trie.id(node)] == (int) (top >>> 32)) {
        join(left, node);
      }
    }
  }

  /** The first symbol. */
  int first() {
    return 0;
  }

  /** The symbol behind this one, or -1. */
  int next(int symbol) {
    return nexts[symbol];
  }

  int start(int symbol) {
    return starts[symbol];
  }

  int end(int symbol) {
    return nexts[symbol] < 0 ? end : starts[nexts[symbol]];
  }

  /** Id of the piece that the symbol is, or -1. */
  int id(int symbol) {
    int node = nodes[symbol];
    int id = node >= 0 ? trie.id(node) : NONE;
    return id >= 0 ? id : pieces.id(text, starts[symbol], end(symbol));
  }

  /**
   * Length of the left one of the two parts that piece {@code id}, which is UNUSED, was seen to
   * consist of last; or -1.
   */
  int split(int id) {
    return splits.getOrDefault(id, NONE);
  }

  private int addSymbol(int from, int to) {
    if (count == starts.length) {
      grow();
    }
    int symbol = freezes ? pieces.userDefined().longestPrefix(text, from, to) : 0;
    int stop = symbol > 0 ? from + symbol : Math.min(from + Utf8.length(text[from]), to);
    int node = PieceTrie.ROOT;
    for (int i = from; i < stop && node != NONE; i++) {
      node = trie.step(node, text[i]);
    }
    starts[count] = from;
    nodes[count] = symbol > 0 ? FROZEN : node;
    previous[count] = count - 1;
    nexts[count] = stop < to ? count + 1 : NONE;
    count++;
    return stop;
  }

  private void pair(int left, int right) {
    pairs[left] = NONE;
    int node = nodes[left];
    if (node < 0 || nodes[right] == FROZEN) {
      return;
    }
    int stop = end(right);
    for (int i = starts[right]; i < stop; i++) {
      node = trie.step(node, text[i]);
      if (node == NONE) {
        return;
      }
    }
    int id = trie.id(node);
    if (id == NONE) {
      return;
    }
    pairs[left] = node;
    push((long) ranks[id] << 32 | left);
    if (splits != null && pieces.type(id) == PieceType.UNUSED) {
      splits.put(id, starts[right] - starts[left]);
    }
  }

  private void join(int left, int node) {
    int right = nexts[left];
    int after = nexts[right];
    nodes[left] = node;
    nexts[left] = after;
    pairs[right] = NONE;
    pairs[left] = NONE;
    if (previous[left] >= 0) {
      pair(previous[left], left);
    }
    if (after >= 0) {
      previous[after] = left;
      pair(left, after);
    }
  }

  private void push(long entry) {
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, heapSize + (heapSize >> 1));
    }
    int place = heapSize++;
    while (place > 0) {
      int parent = (place - 1) >> 1;
      if (heap[parent] <= entry) {
        break;
      }
      heap[place] = heap[parent];
      place = parent;
    }
    heap[place] = entry;
  }

  private long pop() {
    long top = heap[0];
    long entry = heap[--heapSize];
    int place = 0;
    int half = heapSize >> 1;
    while (place < half) {
      int child = 2 * place + 1;
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= entry) {
        break;
      }
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = entry;
    return top;
  }

  private void grow() {
    int grown = Math.addExact(count, count >> 1);
    starts = Arrays.copyOf(starts, grown);
    nexts = Arrays.copyOf(nexts, grown);
    previous = Arrays.copyOf(previous, grown);
    nodes = Arrays.copyOf(nodes, grown);
    pairs = Arrays.copyOf(pairs, grown);
  }
}
