package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.text.utf8.Utf8;

/**
 * Which characters stand side by side in some piece. Where two others meet, no piece reaches over.
 * It may say yes where the answer is no, never the other way round. Immutable; any thread.
 */
final class SymbolPairs {
  private final long[] bits;
  private final int shift;

  SymbolPairs(PieceTable pieces) {
    // A piece has some eight characters: one bit of four at most is set.
    int size = Math.clamp(pieces.size() * 32L, 1 << 14, 1 << 24);
    int log = 32 - Integer.numberOfLeadingZeros(size - 1);
    bits = new long[1 << (log - 6)];
    shift = 32 - log;
    for (int id = 0; id < pieces.size(); id++) {
      if (pieces.type(id).isText()) {
        add(pieces.piece(id));
      }
    }
  }

  private void add(byte[] piece) {
    int left = Utf8.codePointAt(piece, 0);
    for (int i = Utf8.length(piece[0]); i < piece.length; i += Utf8.length(piece[i])) {
      int right = Utf8.codePointAt(piece, i);
      int bit = bit(left, right);
      bits[bit >>> 6] |= 1L << bit;
      left = right;
    }
  }

  /** Whether a piece may have these characters side by side. */
  boolean contains(int left, int right) {
    int bit = bit(left, right);
    return (bits[bit >>> 6] & 1L << bit) != 0;
  }

  private int bit(int left, int right) {
    int mixed = (left * 0x9E3779B1 ^ right) * 0x85EBCA6B;
    return ((mixed ^ (mixed >>> 15)) * 0xC2B2AE35) >>> shift;
  }
}
