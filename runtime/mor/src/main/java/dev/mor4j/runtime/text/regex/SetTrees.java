package dev.mor4j.runtime.text.regex;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Sets of code points as trees over the bytes of their UTF-8. Equal trees are one. One thread at a
 * time.
 */
final class SetTrees {
  /** The node of a code point that is not in the set. */
  static final int OUT = 0;

  /** The node behind the last byte of a code point that is in the set. */
  static final int IN = 1;

  /** The id of {@link CodePointSet#ALL}. */
  static final int ALL = 0;

  private static final int MAX_SETS = 4_096;

  private final List<CodePointSet> sets = new ArrayList<>();
  private final Map<CodePointSet, Integer> ids = new HashMap<>();
  private final Map<Long, Integer> intersections = new HashMap<>();
  private final List<Integer> roots = new ArrayList<>();
  // A node: what each byte from 0x80 (of a root: from 0) leads to.
  private final List<int[]> nodes = new ArrayList<>();
  private final Map<Node, Integer> nodeIds = new HashMap<>();
  // By the bits of a code point that a node decides: the node that takes all.
  private final int[] full = new int[19];

  /** A node as a key. */
  private static final class Node {
    private final int[] next;

    Node(int[] next) {
      this.next = next;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Node node && Arrays.equals(next, node.next);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(next);
    }
  }

  SetTrees() {
    nodes.add(new int[0]);
    nodes.add(new int[0]);
    id(CodePointSet.ALL);
  }

  int id(CodePointSet set) {
    Integer known = ids.get(set);
    if (known != null) {
      return known;
    }
    if (sets.size() == MAX_SETS) {
      throw new IllegalArgumentException(
          "the regular expression needs more than " + MAX_SETS + " sets of characters");
    }
    sets.add(set);
    ids.put(set, sets.size() - 1);
    roots.add(root(set));
    return sets.size() - 1;
  }

  int intersection(int a, int b) {
    if (a == ALL || a == b) {
      return b;
    }
    if (b == ALL) {
      return a;
    }
    return intersections.computeIfAbsent(
        (long) a << 32 | b, k -> id(sets.get(a).intersection(sets.get(b))));
  }

  boolean hasEnd(int set) {
    return sets.get(set).contains(CodePointSet.END);
  }

  /** Whether nothing is in it, the end excepted. */
  boolean isEmpty(int set) {
    return root(set) == OUT;
  }

  int root(int set) {
    return roots.get(set);
  }

  int next(int node, int b) {
    int[] next = nodes.get(node);
    int at = next.length == 64 ? b - 0x80 : b;
    return at >= 0 && at < next.length ? next[at] : OUT;
  }

  private int root(CodePointSet set) {
    int[] next = new int[256];
    for (int b = 0; b < 0x80; b++) {
      next[b] = set.contains(b) ? IN : OUT;
    }
    for (int b = 0xc2; b < 0xe0; b++) {
      next[b] = node(set, (b & 0x1f) << 6, 6, 0x80);
    }
    for (int b = 0xe0; b < 0xf0; b++) {
      next[b] = node(set, (b & 0x0f) << 12, 12, 0x800);
    }
    for (int b = 0xf0; b < 0xf5; b++) {
      next[b] = node(set, (b & 0x07) << 18, 18, 0x10000);
    }
    return intern(next);
  }

  /** The node for the {@code 1 << bits} code points from {@code base}, none below {@code least}. */
  private int node(CodePointSet set, int base, int bits, int least) {
    int end = base + (1 << bits);
    int first = Math.max(base, least);
    if (first >= end || base > Character.MAX_CODE_POINT) {
      return OUT;
    }
    int covered = set.covers(first, end);
    if (covered == 0) {
      return OUT;
    }
    if (covered == 1 && base >= least && end - 1 <= Character.MAX_CODE_POINT) {
      return full(bits);
    }
    int[] next = new int[64];
    for (int i = 0; i < 64; i++) {
      int at = base + (i << (bits - 6));
      if (bits == 6) {
        next[i] = at >= least && at <= Character.MAX_CODE_POINT && set.contains(at) ? IN : OUT;
      } else {
        next[i] = node(set, at, bits - 6, least);
      }
    }
    return intern(next);
  }

  /** The node for {@code 1 << bits} code points that are all in the set, whichever they are. */
  private int full(int bits) {
    if (full[bits] == OUT) {
      int[] next = new int[64];
      Arrays.fill(next, bits == 6 ? IN : full(bits - 6));
      full[bits] = intern(next);
    }
    return full[bits];
  }

  private int intern(int[] next) {
    boolean out = true;
    for (int n : next) {
      out &= n == OUT;
    }
    if (out) {
      return OUT;
    }
    Integer known = nodeIds.putIfAbsent(new Node(next), nodes.size());
    if (known != null) {
      return known;
    }
    nodes.add(next);
    return nodes.size() - 1;
  }

  /** How many bytes before {@code at} the code point begins that ends there. */
  static int lengthBefore(byte[] text, int at) {
    int length = 1;
    while ((text[at - length] & 0xc0) == 0x80) {
      length++;
    }
    return length;
  }
}
