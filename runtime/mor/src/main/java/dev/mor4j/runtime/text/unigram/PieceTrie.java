package dev.mor4j.runtime.text.unigram;

import java.util.Arrays;

/**
 * Pieces by their bytes, to be looked up byte after byte: a double array, in which the child of a
 * node stands at the node's base plus the byte, and knows its parent. Immutable; any thread.
 */
public final class PieceTrie {
  /** What {@link #step} and {@link #id} give where there is nothing. */
  public static final int NONE = -1;

  /** The node where no byte has been read. */
  public static final int ROOT = 0;

  // Slots tried for the children of one node, before they are put behind all others.
  private static final int TRIES = 64;

  // Upper half: the parent, or -1 where the slot is free. Lower half: the base.
  private long[] units = new long[1 << 10];
  private int[] ids = new int[1 << 10];
  // While building: the first slot that may be free, and the end of all that are taken.
  private int firstFree = 1;
  private int end = 1;
  private int longest;

  /**
   * @param pieces empty ones are left out; of equal ones the last counts
   * @param ids of the pieces, at least 0
   */
  public PieceTrie(byte[][] pieces, int[] ids) {
    Integer[] order = new Integer[pieces.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Arrays.compareUnsigned(pieces[a], pieces[b]));
    byte[][] sorted = new byte[pieces.length][];
    int[] sortedIds = new int[pieces.length];
    int size = 0;
    for (int index : order) {
      byte[] piece = pieces[index];
      if (piece.length == 0) {
        continue;
      }
      if (size > 0 && Arrays.equals(sorted[size - 1], piece)) {
        size--;
      }
      sorted[size] = piece;
      sortedIds[size++] = ids[index];
      longest = Math.max(longest, piece.length);
    }
    Arrays.fill(units, (long) NONE << 32);
    Arrays.fill(this.ids, NONE);
    // Neither free nor anyone's child.
    units[ROOT] = -2L << 32;
    build(sorted, sortedIds, size);
    // A base is less than `end`, and a byte at most 255.
    int length = end + 256;
    int from = units.length;
    units = Arrays.copyOf(units, length);
    this.ids = Arrays.copyOf(this.ids, length);
    if (from < length) {
      Arrays.fill(units, from, length, (long) NONE << 32);
      Arrays.fill(this.ids, from, length, NONE);
    }
  }

  /** The node behind {@code node} by this byte, or {@link #NONE}. */
  public int step(int node, byte next) {
    int child = (int) units[node] + (next & 0xFF);
    return (int) (units[child] >>> 32) == node ? child : NONE;
  }

  /** The id of the piece that ends in this node, or {@link #NONE}. */
  public int id(int node) {
    return ids[node];
  }

  /** The id of the piece that is {@code text[from, to)}, or {@link #NONE}. */
  public int find(byte[] text, int from, int to) {
    int node = ROOT;
    for (int i = from; i < to && node != NONE; i++) {
      node = step(node, text[i]);
    }
    return node == NONE ? NONE : id(node);
  }

  /** Length of the longest piece that begins {@code text[from, to)}, or 0. */
  public int longestPrefix(byte[] text, int from, int to) {
    int length = 0;
    int node = ROOT;
    for (int i = from; i < to; i++) {
      node = step(node, text[i]);
      if (node == NONE) {
        break;
      }
      if (ids[node] != NONE) {
        length = i + 1 - from;
      }
    }
    return length;
  }

  /** Length in bytes of the longest piece; 0 without pieces. */
  public int longest() {
    return longest;
  }

  // Nodes wait on a stack of their own, not on the thread's: a piece may be long.
  private void build(byte[][] pieces, int[] pieceIds, int size) {
    int[] stack = new int[1 << 8];
    int top = push(stack, 0, ROOT, 0, size, 0);
    int[] begins = new int[257];
    byte[] labels = new byte[256];
    while (top > 0) {
      top -= 4;
      int node = stack[top];
      int from = stack[top + 1];
      int to = stack[top + 2];
      int depth = stack[top + 3];
      if (from < to && pieces[from].length == depth) {
        ids[node] = pieceIds[from++];
      }
      int children = 0;
      for (int i = from; i < to; i++) {
        byte label = pieces[i][depth];
        if (children == 0 || labels[children - 1] != label) {
          labels[children] = label;
          begins[children++] = i;
        }
      }
      begins[children] = to;
      if (children == 0) {
        continue;
      }
      int base = place(node, labels, children);
      if (stack.length < top + 4 * children) {
        stack = Arrays.copyOf(stack, (top + 4 * children) * 2);
      }
      for (int i = children - 1; i >= 0; i--) {
        int child = base + (labels[i] & 0xFF);
        top = push(stack, top, child, begins[i], begins[i + 1], depth + 1);
      }
    }
  }

  private static int push(int[] stack, int top, int node, int from, int to, int depth) {
    stack[top] = node;
    stack[top + 1] = from;
    stack[top + 2] = to;
    stack[top + 3] = depth;
    return top + 4;
  }

  private int place(int node, byte[] labels, int children) {
    int first = labels[0] & 0xFF;
    while (firstFree < end && !isFree(firstFree)) {
      firstFree++;
    }
    int base = NONE;
    int slot = Math.max(firstFree, first);
    for (int tries = 0; tries < TRIES && base == NONE && slot < end; slot++, tries++) {
      if (isFree(slot) && fits(slot - first, labels, children)) {
        base = slot - first;
      }
    }
    if (base == NONE) {
      base = Math.max(end - first, 0);
    }
    grow(base + 256);
    for (int i = 0; i < children; i++) {
      int child = base + (labels[i] & 0xFF);
      units[child] = (long) node << 32;
      end = Math.max(end, child + 1);
    }
    units[node] = (units[node] & (-1L << 32)) | base;
    // Where the slots in front are too scattered to be taken, they are given up.
    if (end - firstFree > 16 * TRIES) {
      firstFree = end - 16 * TRIES;
    }
    return base;
  }

  private boolean fits(int base, byte[] labels, int children) {
    for (int i = 0; i < children; i++) {
      if (!isFree(base + (labels[i] & 0xFF))) {
        return false;
      }
    }
    return true;
  }

  private boolean isFree(int slot) {
    return slot >= units.length || (int) (units[slot] >>> 32) == NONE;
  }

  private void grow(int length) {
    int from = units.length;
    if (length <= from) {
      return;
    }
    int grown = Math.max(length, Math.addExact(from, from >> 1));
    units = Arrays.copyOf(units, grown);
    ids = Arrays.copyOf(ids, grown);
    Arrays.fill(units, from, grown, (long) NONE << 32);
    Arrays.fill(ids, from, grown, NONE);
  }
}
