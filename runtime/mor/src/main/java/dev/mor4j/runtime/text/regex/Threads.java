package dev.mor4j.runtime.text.regex;

import java.util.Arrays;

/**
 * The threads of a program that are alive at one place of a text, the preferred first. A thread
 * stands within the code point that it takes, or that a lookahead at a match sees. One user.
 */
final class Threads {
  private final Program program;
  private final SetTrees sets;
  // Threads: pc << 40 | node; and where each began.
  private long[] items = new long[16];
  private int[] starts = new int[16];
  private int size;

  // The threads before the last step.
  private long[] oldItems = new long[16];
  private int[] oldStarts = new int[16];

  private long[] stack = new long[32];
  private long[] seen = new long[64];
  private int[] seenAt = new int[64];
  private int seenSize;
  private int generation = 1;

  /** Start of the match that ends here, or -1. */
  private int matchHere = -1;

  /** Start of the match that ends before the last code point, or -1. */
  private int matchBefore = -1;

  Threads(Program program, SetTrees sets) {
    this.program = program;
    this.sets = sets;
  }

  /** No threads. */
  void clear() {
    size = 0;
    matchHere = -1;
    matchBefore = -1;
    forget();
  }

  /** Takes threads as {@link #items()} gave them, all of which began at {@code start}. */
  void set(long[] threads, int start) {
    clear();
    for (long thread : threads) {
      push(thread, start);
    }
  }

  long[] items() {
    return Arrays.copyOf(items, size);
  }

  int size() {
    return size;
  }

  int matchHere() {
    return matchHere;
  }

  int matchBefore() {
    return matchBefore;
  }

  /** The threads of a match that begins here, behind those that there are, if none matches here. */
  void begin(int start) {
    if (matchHere < 0) {
      follow(0, start);
    }
  }

  /** All threads take a byte. */
  void step(int b) {
    long[] threads = items;
    int[] began = starts;
    int count = size;
    items = oldItems;
    starts = oldStarts;
    oldItems = threads;
    oldStarts = began;
    clear();
    for (int i = 0; i < count && matchHere < 0; i++) {
      int pc = (int) (threads[i] >>> 40);
      int node = sets.next((int) threads[i], b);
      if (node == SetTrees.OUT) {
        continue;
      }
      if (node != SetTrees.IN) {
        push((long) pc << 40 | node, began[i]);
      } else if (program.code(pc) == Program.MATCH) {
        matchBefore = began[i];
        return;
      } else {
        follow(pc + 1, began[i]);
      }
    }
  }

  /** Start of the match that the end of the text makes, or -1. */
  int matchAtEnd(long[] threads) {
    for (int i = 0; i < threads.length; i++) {
      if (program.code((int) (threads[i] >>> 40)) == Program.MATCH
          && (threads[i] >>> 39 & 1) != 0) {
        return i;
      }
    }
    return -1;
  }

  int start(int thread) {
    return starts[thread];
  }

  /** Follows a thread to the next code points that it may take. */
  private void follow(int from, int start) {
    int depth = 0;
    stack[depth++] = (long) from << 32 | SetTrees.ALL;
    while (depth > 0) {
      long top = stack[--depth];
      int pc = (int) (top >>> 32);
      int ahead = (int) top;
      if (!firstTime(top)) {
        continue;
      }
      switch (program.code(pc)) {
        case Program.TAKE -> {
          int set = sets.intersection(ahead, program.first(pc));
          if (!sets.isEmpty(set)) {
            push((long) pc << 40 | sets.root(set), start);
          }
        }
        case Program.SPLIT -> {
          if (depth + 2 > stack.length) {
            stack = Arrays.copyOf(stack, stack.length * 2);
          }
          stack[depth++] = (long) program.second(pc) << 32 | ahead;
          stack[depth++] = (long) program.first(pc) << 32 | ahead;
        }
        case Program.JUMP -> stack[depth++] = (long) program.first(pc) << 32 | ahead;
        case Program.AHEAD -> {
          int set = sets.intersection(ahead, program.first(pc));
          stack[depth++] = (long) (pc + 1) << 32 | set;
        }
        default -> {
          if (ahead == SetTrees.ALL) {
            matchHere = start;
            return;
          }
          long end = sets.hasEnd(ahead) ? 1L << 39 : 0;
          if (end != 0 || !sets.isEmpty(ahead)) {
            push((long) pc << 40 | end | sets.root(ahead), start);
          }
        }
      }
    }
  }

  private void push(long thread, int start) {
    if (!firstTime(-1 - thread)) {
      return;
    }
    if (size == items.length) {
      items = Arrays.copyOf(items, size * 2);
      starts = Arrays.copyOf(starts, size * 2);
    }
    items[size] = thread;
    starts[size++] = start;
  }

  private void forget() {
    generation++;
    seenSize = 0;
  }

  /** Whether a key, of a thread or of a place on the way to one, comes for the first time. */
  private boolean firstTime(long key) {
    if (seenSize * 2 >= seen.length) {
      long[] old = seen;
      int[] oldAt = seenAt;
      seen = new long[old.length * 2];
      seenAt = new int[old.length * 2];
      for (int i = 0; i < old.length; i++) {
        if (oldAt[i] == generation) {
          insert(old[i]);
        }
      }
    }
    return insert(key);
  }

  private boolean insert(long key) {
    int mask = seen.length - 1;
    int slot = (int) ((key * 0x9E3779B97F4A7C15L) >>> 40) & mask;
    while (seenAt[slot] == generation) {
      if (seen[slot] == key) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    seen[slot] = key;
    seenAt[slot] = generation;
    seenSize++;
    return true;
  }
}
