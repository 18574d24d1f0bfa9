package dev.mor4j.runtime.text.tokenizer.added;

import java.util.Arrays;
import java.util.List;

/**
 * Finds the leftmost of many texts, of those that begin there the longest. Immutable; any thread.
 *
 * <p>The number of texts does not matter. A search reads on behind a match as long as a longer one
 * is possible, so at worst each byte is read once for each byte of the longest text.
 *
 * <p>Source: Aho and Corasick, "Efficient string matching: an aid to bibliographic search" (1975).
 * For leftmost matches a failure ends the search once a match is on the way to the state.
 */
final class TextAutomaton {
  /** State in which the search ends. */
  private static final int DEAD = -2;

  private static final int NONE = -1;
  private static final int ROOT = 0;

  private final int[] roots = new int[256];
  // Children of all states but the root by (state, byte): open addressing, keys and states.
  private final long[] keys;
  private final int[] children;
  private final int[] failures;
  private final int[] matches;
  private final int[] lengths;

  /**
   * @param texts what is looked for; none is empty. Of equal ones the first is found
   */
  TextAutomaton(List<byte[]> texts) {
    int bytes = 0;
    for (byte[] text : texts) {
      bytes = Math.addExact(bytes, text.length);
    }
    int capacity = Integer.highestOneBit(Math.max(8, bytes)) * 4;
    keys = new long[capacity];
    children = new int[capacity];
    failures = new int[bytes + 1];
    matches = new int[bytes + 1];
    lengths = new int[texts.size()];
    Arrays.fill(roots, ROOT);
    Arrays.fill(keys, NONE);
    Arrays.fill(matches, NONE);
    // The order in which states are made: no state comes before its parent.
    int[] parents = new int[bytes + 1];
    byte[] labels = new byte[bytes + 1];
    int states = 1;
    for (int i = 0; i < lengths.length; i++) {
      byte[] text = texts.get(i);
      lengths[i] = text.length;
      int state = ROOT;
      for (byte b : text) {
        int next = child(state, b);
        if (next <= ROOT) {
          next = states++;
          parents[next] = state;
          labels[next] = b;
          link(state, b, next);
        }
        state = next;
      }
      if (matches[state] == NONE) {
        matches[state] = i;
      }
    }
    setFailures(states, parents, labels);
  }

  /** Breadth first, so that the failures of shorter texts are known. */
  private void setFailures(int states, int[] parents, byte[] labels) {
    int[] depths = new int[states];
    int deepest = 0;
    for (int state = 1; state < states; state++) {
      depths[state] = depths[parents[state]] + 1;
      deepest = Math.max(deepest, depths[state]);
    }
    int[] next = new int[deepest + 2];
    for (int state = 1; state < states; state++) {
      next[depths[state] + 1]++;
    }
    for (int depth = 1; depth < next.length; depth++) {
      next[depth] += next[depth - 1];
    }
    int[] order = new int[states - 1];
    for (int state = 1; state < states; state++) {
      order[next[depths[state]]++] = state;
    }
    for (int state : order) {
      int parent = parents[state];
      if (matches[state] != NONE) {
        failures[state] = DEAD;
      } else if (parent != ROOT) {
        int failure = failures[parent];
        int target = step(failure, labels[state]);
        failures[state] = target;
        if (target > ROOT) {
          matches[state] = matches[target];
        }
      }
    }
  }

  /** The state behind {@code state} and a byte; goes to shorter texts until one has it. */
  private int step(int state, byte b) {
    int current = state;
    while (current != DEAD) {
      int next = child(current, b);
      if (next != NONE) {
        return next;
      }
      current = failures[current];
    }
    return DEAD;
  }

  /**
   * The first match in {@code text[from, to)}: which of the texts {@code << 32 |} where it ends; or
   * -1.
   */
  long find(byte[] text, int from, int to) {
    int state = ROOT;
    long found = NONE;
    for (int i = from; i < to; i++) {
      if (state == ROOT) {
        while (roots[text[i] & 0xFF] == ROOT) {
          if (++i == to) {
            return found;
          }
        }
        state = roots[text[i] & 0xFF];
      } else {
        state = step(state, text[i]);
      }
      if (state == DEAD) {
        return found;
      }
      if (matches[state] != NONE) {
        found = (long) matches[state] << 32 | (i + 1);
      }
    }
    return found;
  }

  /** Where a match begins. */
  int start(long match) {
    return end(match) - lengths[text(match)];
  }

  /** Where a match ends. */
  static int end(long match) {
    return (int) match;
  }

  /** Which of the texts matches. */
  static int text(long match) {
    return (int) (match >>> 32);
  }

  // The root has a child for every byte: itself where no text begins with it.
  private int child(int state, byte b) {
    if (state == ROOT) {
      return roots[b & 0xFF];
    }
    long key = (long) state << 8 | (b & 0xFF);
    int slot = slot(key);
    return keys[slot] == key ? children[slot] : NONE;
  }

  private void link(int state, byte b, int child) {
    if (state == ROOT) {
      roots[b & 0xFF] = child;
      return;
    }
    long key = (long) state << 8 | (b & 0xFF);
    int slot = slot(key);
    keys[slot] = key;
    children[slot] = child;
  }

  private int slot(long key) {
    int mask = keys.length - 1;
    int slot = (int) ((key * 0x9E3779B97F4A7C15L) >>> 32) & mask;
    while (keys[slot] != NONE && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
