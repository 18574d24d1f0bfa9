package dev.mor4j.runtime.text.vocabulary;

import java.util.Arrays;

/**
 * Tokens by their bytes. Filled by one thread; any number may look up afterwards.
 *
 * <p>Each token has an index, counted from 0 in the order in which they came, and an id.
 */
public final class TokenTable {
  private byte[] bytes = new byte[1 << 12];
  private int[] ends;
  private int[] ids;
  private int size;
  // Upper half: hash. Lower half: index + 1, or 0 where nothing is.
  private long[] slots;

  /**
   * @param expected number of tokens that will come, roughly
   */
  public TokenTable(int expected) {
    int tokens = Math.clamp(expected, 16, 1 << 24);
    ends = new int[tokens + 1];
    ids = new int[tokens];
    slots = new long[Integer.highestOneBit(tokens) * 4];
  }

  /**
   * Adds a token. If there is one with the same bytes, it has the new id from now on.
   *
   * @param id at least 0
   */
  public void add(byte[] text, int from, int to, int id) {
    long hash = hash(text, from, to);
    int slot = slot(text, from, to, hash);
    if (slots[slot] != 0) {
      ids[(int) slots[slot] - 1] = id;
      return;
    }
    if (size == ids.length) {
      int grown = Math.addExact(size, size >> 1);
      ids = Arrays.copyOf(ids, grown);
      ends = Arrays.copyOf(ends, grown + 1);
    }
    int length = to - from;
    int begin = ends[size];
    int end = Math.addExact(begin, length);
    if (end > bytes.length) {
      bytes =
          Arrays.copyOf(
              bytes, Math.max(end, (int) Math.min(Integer.MAX_VALUE - 8, bytes.length * 2L)));
    }
    System.arraycopy(text, from, bytes, begin, length);
    ids[size] = id;
    ends[++size] = end;
    slots[slot] = (hash & (-1L << 32)) | size;
    if (size > slots.length / 2) {
      rehash();
    }
  }

  /** The id of the token that is {@code text[from, to)}, or -1. */
  public int id(byte[] text, int from, int to) {
    int index = index(text, from, to);
    return index < 0 ? -1 : ids[index];
  }

  /** Number of tokens with different bytes. */
  public int size() {
    return size;
  }

  /** The index of a token, or -1. */
  int index(byte[] text, int from, int to) {
    return (int) slots[slot(text, from, to, hash(text, from, to))] - 1;
  }

  /** The index of a token with this id, or -1. */
  int indexOfId(int id) {
    for (int i = 0; i < size; i++) {
      if (ids[i] == id) {
        return i;
      }
    }
    return -1;
  }

  /** The id of the token with this index. */
  int idAt(int index) {
    return ids[index];
  }

  /** Calls {@code visitor} with the bytes of the token with this index. */
  void visit(int index, BytesVisitor visitor) {
    visitor.visit(bytes, ends[index], ends[index + 1]);
  }

  /** Sees the bytes of a token. */
  @FunctionalInterface
  interface BytesVisitor {
    void visit(byte[] bytes, int from, int to);
  }

  /** Length in bytes of the longest token. */
  public int longest() {
    int longest = 0;
    for (int i = 0; i < size; i++) {
      longest = Math.max(longest, ends[i + 1] - ends[i]);
    }
    return longest;
  }

  private int slot(byte[] text, int from, int to, long hash) {
    int mask = slots.length - 1;
    int slot = (int) (hash >>> 32) & mask;
    while (true) {
      long entry = slots[slot];
      if (entry == 0) {
        return slot;
      }
      int index = (int) entry - 1;
      if (entry >>> 32 == hash >>> 32
          && Arrays.equals(bytes, ends[index], ends[index + 1], text, from, to)) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  private void rehash() {
    long[] old = slots;
    slots = new long[Math.multiplyExact(old.length, 2)];
    int mask = slots.length - 1;
    for (long entry : old) {
      if (entry != 0) {
        int slot = (int) (entry >>> 32) & mask;
        while (slots[slot] != 0) {
          slot = (slot + 1) & mask;
        }
        slots[slot] = entry;
      }
    }
  }

  private static long hash(byte[] text, int from, int to) {
    long hash = (long) to - from;
    for (int i = from; i < to; i++) {
      hash = (hash ^ text[i]) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 29;
    }
    return hash * 0xBF58476D1CE4E5B9L;
  }
}
