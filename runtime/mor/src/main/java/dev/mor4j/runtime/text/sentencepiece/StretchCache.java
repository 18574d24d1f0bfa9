package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.text.unigram.PieceSink;
import java.util.Arrays;

/**
 * Remembers how short stretches of text were cut: at most 8,192 of 32 bytes, some 1.5 MiB. Any
 * thread, without locks: an entry is immutable and has the text that it is for, so it does not
 * matter which of two threads writes a place last.
 */
final class StretchCache {
  /** Longest stretch in bytes. */
  static final int MAX_LENGTH = 32;

  private static final int BITS = 13;

  private final Stretch[] stretches = new Stretch[1 << BITS];

  /** The bytes of a stretch, and for each of its pieces the id and where it ends. */
  @SuppressWarnings("ArrayRecordComponent") // read only
  private record Stretch(byte[] text, int[] ids, byte[] ends) {}

  /**
   * Passes on the pieces of a stretch of at most {@link #MAX_LENGTH} bytes, if it is remembered.
   */
  boolean find(byte[] text, int from, int to, PieceSink out) {
    Stretch stretch = stretches[slot(text, from, to)];
    if (stretch == null || !Arrays.equals(stretch.text, 0, stretch.text.length, text, from, to)) {
      return false;
    }
    int begin = from;
    for (int i = 0; i < stretch.ids.length; i++) {
      int end = from + stretch.ends[i];
      out.piece(stretch.ids[i], begin, end);
      begin = end;
    }
    return true;
  }

  /** Remembers a stretch of at most {@link #MAX_LENGTH} bytes, as it was just cut. */
  void put(byte[] text, int from, int to, MergeSearch cut) {
    int count = 0;
    for (int symbol = cut.first(); symbol >= 0; symbol = cut.next(symbol)) {
      count++;
    }
    int[] ids = new int[count];
    byte[] ends = new byte[count];
    int symbol = cut.first();
    for (int i = 0; i < count; i++) {
      ids[i] = cut.id(symbol);
      ends[i] = (byte) (cut.end(symbol) - from);
      symbol = cut.next(symbol);
    }
    stretches[slot(text, from, to)] = new Stretch(Arrays.copyOfRange(text, from, to), ids, ends);
  }

  private static int slot(byte[] text, int from, int to) {
    long hash = (long) to - from;
    for (int i = from; i < to; i++) {
      hash = (hash ^ text[i]) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 32;
    }
    return (int) ((hash * 0x9E3779B97F4A7C15L) >>> (64 - BITS));
  }
}
