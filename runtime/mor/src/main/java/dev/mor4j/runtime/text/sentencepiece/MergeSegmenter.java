package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.text.unigram.PieceSink;
import dev.mor4j.runtime.text.utf8.Utf8;
import java.util.Arrays;

/**
 * Byte pair encoding by scores, as SentencePiece does it: a text is one stretch for it, which ends
 * only where no piece reaches over.
 *
 * <p>A long stretch is cut in windows. Which neighbours are joined follows from what stands between
 * two borders of the result alone: the first pair to be joined over a border would be the first in
 * any window that has all of it, too. So two windows fit together where they share a whole piece,
 * and memory stays small, also for a megabyte of one letter.
 */
final class MergeSegmenter implements Segmenter {
  // Bytes of the first window.
  private static final int WINDOW = 1 << 12;

  private final PieceTable pieces;
  private final int[] ranks;
  private final SymbolPairs pairs;
  private final boolean freezes;
  private final StretchCache cache = new StretchCache();

  MergeSegmenter(PieceTable pieces) {
    this.pieces = pieces;
    ranks = ranks(pieces);
    freezes = pieces.userDefined().longest() > 0;
    // How an unused piece is cut again depends on the whole text.
    pairs = pieces.hasUnused() ? null : new SymbolPairs(pieces);
  }

  private static int[] ranks(PieceTable pieces) {
    Integer[] order = new Integer[pieces.size()];
    Arrays.setAll(order, id -> id);
    Arrays.sort(order, (a, b) -> Float.compare(pieces.score(b) + 0f, pieces.score(a) + 0f));
    int[] ranks = new int[order.length];
    for (int i = 1; i < order.length; i++) {
      boolean same = pieces.score(order[i]) == pieces.score(order[i - 1]);
      ranks[order[i]] = ranks[order[i - 1]] + (same ? 0 : 1);
    }
    return ranks;
  }

  @Override
  public void segment(byte[] text, int from, int to, PieceSink out) {
    if (from == to) {
      return;
    }
    if (pairs == null) {
      MergeSearch search = new MergeSearch(pieces, ranks, freezes, true);
      search.run(text, from, to);
      for (int symbol = search.first(); symbol >= 0; symbol = search.next(symbol)) {
        resegment(search, text, symbol, out);
      }
      return;
    }
    Searches searches = new Searches();
    int begin = from;
    int left = -1;
    for (int i = from; i < to; ) {
      int symbol = freezes ? pieces.userDefined().longestPrefix(text, i, to) : 0;
      if (symbol > 0) {
        stretch(searches, text, begin, i, out);
        begin = i + symbol;
        out.piece(pieces.id(text, i, begin), i, begin);
        i = begin;
        left = -1;
        continue;
      }
      int right = Utf8.codePointAt(text, i);
      if (left >= 0 && !pairs.contains(left, right)) {
        stretch(searches, text, begin, i, out);
        begin = i;
      }
      left = right;
      i += Utf8.length(text[i]);
    }
    stretch(searches, text, begin, to, out);
  }

  private void stretch(Searches searches, byte[] text, int from, int to, PieceSink out) {
    if (from == to) {
      return;
    }
    if (to - from == Utf8.length(text[from])) {
      out.piece(pieces.id(text, from, to), from, to);
      return;
    }
    boolean isShort = to - from <= StretchCache.MAX_LENGTH;
    if (isShort && cache.find(text, from, to, out)) {
      return;
    }
    int begin = from;
    int window = WINDOW;
    int end = windowEnd(text, begin, window, to);
    searches.current().run(text, begin, end);
    if (isShort) {
      cache.put(text, from, to, searches.current());
    }
    while (end < to) {
      MergeSearch current = searches.current();
      // The piece that the next window has to begin with.
      int shared = current.first();
      while (current.start(shared) - begin < window / 4 * 3 && current.next(shared) >= 0) {
        shared = current.next(shared);
      }
      int next = current.start(shared);
      if (next > begin) {
        int nextEnd = windowEnd(text, next, window, to);
        MergeSearch other = searches.other();
        other.run(text, next, nextEnd);
        if (other.end(other.first()) == current.end(shared)) {
          pass(current, shared, out);
          searches.swap();
          begin = next;
          end = nextEnd;
          continue;
        }
      }
      window = (int) Math.min(window * 2L, Integer.MAX_VALUE);
      end = windowEnd(text, begin, window, to);
      current.run(text, begin, end);
    }
    pass(searches.current(), -1, out);
  }

  private static int windowEnd(byte[] text, int begin, int window, int to) {
    return to - begin <= window ? to : characterStart(text, begin + window);
  }

  private static int characterStart(byte[] text, int at) {
    int start = at;
    while ((text[start] & 0xC0) == 0x80) {
      start--;
    }
    return start;
  }

  private static void pass(MergeSearch search, int stop, PieceSink out) {
    for (int symbol = search.first(); symbol != stop; symbol = search.next(symbol)) {
      out.piece(search.id(symbol), search.start(symbol), search.end(symbol));
    }
  }

  /** Passes on a symbol, or the parts that it was made of where the piece is not to be used. */
  private void resegment(MergeSearch search, byte[] text, int symbol, PieceSink out) {
    int[] ends = new int[16];
    int depth = 0;
    int from = search.start(symbol);
    ends[depth] = search.end(symbol);
    while (depth >= 0) {
      int to = ends[depth];
      int id = pieces.id(text, from, to);
      int split = id >= 0 && pieces.type(id) == PieceType.UNUSED ? search.split(id) : -1;
      if (split < 0) {
        out.piece(id, from, to);
        from = to;
        depth--;
        continue;
      }
      if (++depth == ends.length) {
        ends = Arrays.copyOf(ends, depth * 2);
      }
      ends[depth] = from + split;
    }
  }

  /** Two windows in turn. */
  private final class Searches {
    // Made when the first stretch comes that is not remembered.
    private MergeSearch current;
    // Made where a stretch is longer than a window.
    private MergeSearch other;

    MergeSearch current() {
      if (current == null) {
        current = new MergeSearch(pieces, ranks, false, false);
      }
      return current;
    }

    MergeSearch other() {
      if (other == null) {
        other = new MergeSearch(pieces, ranks, false, false);
      }
      return other;
    }

    void swap() {
      MergeSearch before = current;
      current = other;
      other = before;
    }
  }
}
