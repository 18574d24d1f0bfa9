package dev.mor4j.runtime.text.vocabulary;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Remembers the ids of short pieces. It has room for so many pieces of bounded length, and takes
 * some 8 MiB at most. Any thread, without locks: an entry is immutable and says which piece it is
 * for, so it does not matter which of two threads writes a place last.
 */
final class WordCache {
  /** Longest piece in bytes. */
  static final int MAX_LENGTH = 32;

  private static final int BITS = 15;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final Word[] words = new Word[1 << BITS];

  /** A piece's first 16 bytes, the rest (or null), and its ids: three, then the rest (or null). */
  private static final class Word {
    final long head;
    final long tail;
    final int length;
    final int count;
    final int first;
    final int second;
    final int third;
    final int[] more;
    final byte[] rest;

    Word(long head, long tail, byte[] text, int from, int length, int[] ids, int count) {
      this.head = head;
      this.tail = tail;
      this.length = length;
      this.count = count;
      first = count > 0 ? ids[0] : 0;
      second = count > 1 ? ids[1] : 0;
      third = count > 2 ? ids[2] : 0;
      more = count > 3 ? Arrays.copyOfRange(ids, 3, count) : null;
      rest = length > 16 ? Arrays.copyOfRange(text, from + 16, from + length) : null;
    }

    boolean is(long otherHead, long otherTail, byte[] text, int from, int otherLength) {
      return head == otherHead
          && tail == otherTail
          && length == otherLength
          && (rest == null
              || Arrays.equals(rest, 0, rest.length, text, from + 16, from + otherLength));
    }

    void addTo(TokenSink out) {
      int n = count;
      if (n > 0) {
        out.add(first);
      }
      if (n > 1) {
        out.add(second);
      }
      if (n > 2) {
        out.add(third);
      }
      if (more != null) {
        for (int id : more) {
          out.add(id);
        }
      }
    }
  }

  /** Adds the ids of a piece, if it is remembered. */
  boolean find(byte[] text, int from, int to, TokenSink out) {
    int length = to - from;
    long head = head(text, from, length);
    long tail = length > 8 ? head(text, from + 8, length - 8) : 0;
    int slot = slot(head, tail, length);
    Word word = words[slot];
    if (word != null && word.is(head, tail, text, from, length)) {
      word.addTo(out);
      return true;
    }
    Word other = words[slot ^ 1];
    if (other != null && other.is(head, tail, text, from, length)) {
      // What comes again stays; what is new takes the other place.
      words[slot] = other;
      words[slot ^ 1] = word;
      other.addTo(out);
      return true;
    }
    return false;
  }

  /** Remembers the ids of a piece of at most {@link #MAX_LENGTH} bytes. */
  void put(byte[] text, int from, int to, int[] ids, int count) {
    int length = to - from;
    long head = head(text, from, length);
    long tail = length > 8 ? head(text, from + 8, length - 8) : 0;
    int slot = slot(head, tail, length);
    Word word = new Word(head, tail, text, from, length, ids, count);
    words[words[slot] == null ? slot : slot ^ 1] = word;
  }

  private static int slot(long head, long tail, int length) {
    long hash = (head ^ length) * 0x9E3779B97F4A7C15L + tail * 0xC2B2AE3D27D4EB4FL;
    return (int) (((hash ^ (hash >>> 32)) * 0x9E3779B97F4A7C15L) >>> (64 - BITS));
  }

  /** The first {@code min(length, 8)} bytes, the first one lowest, and zeros. */
  private static long head(byte[] text, int from, int length) {
    if (from + 8 <= text.length) {
      long bytes = (long) LONGS.get(text, from);
      return length >= 8 ? bytes : bytes & ((1L << (length * 8)) - 1);
    }
    long bytes = 0;
    for (int i = Math.min(length, 8) - 1; i >= 0; i--) {
      bytes = bytes << 8 | (text[from + i] & 0xff);
    }
    return bytes;
  }
}
