package dev.mor4j.runtime.text.sentencepiece;

import java.util.Arrays;

/** Bytes that are written one after the other. One thread. */
final class GrowingBytes {
  private byte[] bytes;
  private int size;
  private int done;
  private int all;

  /**
   * @param capacity bytes that will come, roughly
   */
  GrowingBytes(int capacity) {
    bytes = new byte[Math.max(capacity, 16)];
  }

  void add(byte value) {
    if (size == bytes.length) {
      grow(1);
    }
    bytes[size++] = value;
  }

  void add(byte[] from, int begin, int end) {
    int length = end - begin;
    if (length > bytes.length - size) {
      grow(length);
    }
    System.arraycopy(from, begin, bytes, size, length);
    size += length;
  }

  /**
   * Tells how much of what is written from has been read, so that room for the rest can be made.
   */
  void progress(int done, int all) {
    this.done = done;
    this.all = all;
  }

  int size() {
    return size;
  }

  /** Forgets what is behind the first {@code length} bytes. */
  void cut(int length) {
    size = length;
  }

  /** The bytes, and more behind them; until the next one is added. */
  byte[] array() {
    return bytes;
  }

  boolean endsWith(byte[] suffix) {
    return size >= suffix.length
        && Arrays.equals(bytes, size - suffix.length, size, suffix, 0, suffix.length);
  }

  private void grow(int length) {
    long needed = (long) size + length;
    if (needed > Integer.MAX_VALUE - 8) {
      throw new OutOfMemoryError("a normalized text of " + needed + " bytes");
    }
    // What was written so far may be the part that grows most.
    long expected = done == 0 ? 0 : Math.min((long) size * all / done, 2L * size);
    long grown = Math.max(Math.max(needed, expected) + 64, size + (size >> 2) + 64L);
    bytes = Arrays.copyOf(bytes, (int) Math.min(grown, Integer.MAX_VALUE - 8));
  }
}
