package dev.mor4j.runtime.text.unigram;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Viterbi's algorithm over the pieces of a vocabulary. Among ways with equal sums the one is taken
 * whose last piece is longer, and so on from the end. Immutable; any thread.
 *
 * <p>Where no piece reaches over a place, what stands before it is decided, and passed on. So what
 * is remembered is as long as the stretch between two such places: a word, mostly.
 */
public final class UnigramLattice {
  // In the array of ids: nothing ends here. A character without a piece is PieceSink.UNKNOWN.
  private static final int UNREACHED = -2;

  private final PieceTrie trie;
  private final double[] scores;
  private final int[] lengths;
  private final double unknownScore;
  private final boolean single;
  private final boolean unknowns;

  /**
   * @param trie the pieces that may be used, all of them UTF-8
   * @param lengths in bytes, by id
   * @param scores by id
   * @param unknownScore of a character that is no piece by itself; NaN where such characters are
   *     not allowed
   * @param single whether sums are rounded to single precision, as SentencePiece does
   */
  public UnigramLattice(
      PieceTrie trie, int[] lengths, double[] scores, double unknownScore, boolean single) {
    this.trie = trie;
    this.lengths = lengths.clone();
    this.scores = scores.clone();
    this.unknownScore = unknownScore;
    this.single = single;
    unknowns = !Double.isNaN(unknownScore);
  }

  /**
   * Cuts {@code text[from, to)}, which is valid UTF-8.
   *
   * @param out receives the pieces
   * @throws IllegalArgumentException at a character that is no piece, where that is not allowed
   */
  public void segment(byte[] text, int from, int to, PieceSink out) {
    if (from < to) {
      new Search(text, from, to, out).run();
    }
  }

  /** One text on its way. */
  private final class Search {
    private final byte[] text;
    private final int to;
    private final PieceSink out;
    // Best sums by the place where they end. No piece is longer than this is.
    private final double[] sums;
    private final int mask;
    // The last piece of the best way to a place, counted from the last place that was decided.
    private int[] last;
    private int decided;

    Search(byte[] text, int from, int to, PieceSink out) {
      this.text = text;
      this.to = to;
      this.out = out;
      int window = Math.min(Math.max(trie.longest(), 4), to - from) + 1;
      int capacity = Integer.highestOneBit(window * 2 - 1);
      sums = new double[capacity];
      mask = capacity - 1;
      last = new int[Math.min(to - from + 1, 64)];
      Arrays.fill(last, UNREACHED);
      decided = from;
    }

    void run() {
      int start = decided;
      int reach = start;
      while (start < to) {
        if (reach == start && start > decided) {
          passOn(start);
        }
        reach = Math.max(reach, extend(start));
        start += characterLength(text[start]);
      }
      passOn(to);
    }

    /** Tries every piece that begins at {@code start}; returns the end of the longest. */
    private int extend(int start) {
      double sum = sums[start & mask];
      int character = Math.min(start + characterLength(text[start]), to);
      boolean known = false;
      int reach = character;
      int node = PieceTrie.ROOT;
      for (int i = start; i < to; ) {
        node = trie.step(node, text[i++]);
        if (node == PieceTrie.NONE) {
          break;
        }
        int id = trie.id(node);
        if (id != PieceTrie.NONE) {
          offer(i, id, total(scores[id], sum));
          known |= i == character;
          reach = Math.max(reach, i);
        }
      }
      if (!known) {
        offerUnknown(start, character, sum);
      }
      return reach;
    }

    private void offerUnknown(int start, int end, double sum) {
      if (unknowns) {
        offer(end, PieceSink.UNKNOWN, total(unknownScore, sum));
      } else if (end - decided >= last.length || last[end - decided] == UNREACHED) {
        String character = new String(text, start, end - start, StandardCharsets.UTF_8);
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the text has the character U+%04X, which is not in the vocabulary,"
                    + " and the vocabulary has no unknown token",
                character.codePointAt(0)));
      }
    }

    private void offer(int end, int id, double sum) {
      int place = end - decided;
      if (place >= last.length) {
        grow(place);
      }
      if (last[place] == UNREACHED || sum > sums[end & mask]) {
        last[place] = id;
        sums[end & mask] = sum;
      }
    }

    private double total(double score, double sum) {
      return single ? (float) (score + sum) : score + sum;
    }

    private void grow(int place) {
      int from = last.length;
      int most = to - decided + 1;
      last = Arrays.copyOf(last, Math.min(most, Math.max(place + 1, from + (from >> 1))));
      Arrays.fill(last, from, last.length, UNREACHED);
    }

    /** Hands on the best way from the last decided place to {@code end}, which is the next. */
    private void passOn(int end) {
      // From the end to the beginning: each piece moves from where it ends to where it begins.
      int place = end - decided;
      int id = last[place];
      while (place > 0) {
        int begin = id == PieceSink.UNKNOWN ? previous(place) : place - lengths[id];
        int before = last[begin];
        last[begin] = id;
        id = before;
        place = begin;
      }
      int from = decided;
      while (from < end) {
        int piece = last[from - decided];
        int length = piece == PieceSink.UNKNOWN ? characterLength(text[from]) : lengths[piece];
        int pieceEnd = Math.min(from + length, end);
        out.piece(piece, from, pieceEnd);
        from = pieceEnd;
      }
      Arrays.fill(last, 0, Math.min(end - decided + 1, last.length), UNREACHED);
      decided = end;
    }

    private int previous(int place) {
      int begin = place - 1;
      while (begin > 0 && (text[decided + begin] & 0xC0) == 0x80) {
        begin--;
      }
      return begin;
    }
  }

  /** Bytes of a character in UTF-8, by its first one. */
  static int characterLength(byte first) {
    if (first >= 0) {
      return 1;
    }
    int value = first & 0xFF;
    return value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
  }
}
