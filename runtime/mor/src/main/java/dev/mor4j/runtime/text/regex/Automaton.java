package dev.mor4j.runtime.text.regex;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The deterministic automaton of a program, made as texts need it: what a byte leads to from each
 * list of threads. Any thread: an entry that another thread has not seen yet is made once more, and
 * comes out equal.
 */
final class Automaton {
  /** Of an entry: a match ends behind the byte. */
  static final int HERE = 1;

  /** Of an entry: a match ends before the code point whose last byte this was. */
  static final int BEFORE = 2;

  /** Of an entry: no thread is left. */
  static final int DEAD = 4;

  /** Of an entry: it was never asked for. */
  static final int UNKNOWN = 0;

  /** Of an entry: the automaton has as many states as it may have. */
  static final int FULL = 8;

  /** The column of the end of the text; UTF-8 has no such byte. */
  static final int END = 0xff;

  private static final int MAX_STATES = 1 << 11;
  private static final int MAX_THREADS = 1 << 20;

  private final SetTrees sets;
  private final Map<State, Integer> rows = new HashMap<>();
  private final Threads threads;
  private long[][] states = new long[16][];
  private int size = 1;
  private int threadCount;
  private final int start;
  private final boolean emptyMatch;
  // Entry: row << 8 | flags. A racy read sees an entry or nothing: an entry needs nothing besides.
  private int[] table = new int[16 << 8];

  /** A list of threads as a key. */
  private static final class State {
    private final long[] threads;

    State(long[] threads) {
      this.threads = threads;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof State state && Arrays.equals(threads, state.threads);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(threads);
    }
  }

  /**
   * @param sets guarded by itself where automata of one pattern share it
   */
  Automaton(Program program, SetTrees sets) {
    this.sets = sets;
    synchronized (sets) {
      threads = new Threads(program, sets);
      threads.clear();
      threads.begin(0);
      emptyMatch = threads.matchHere() >= 0;
      start = row(threads.items());
    }
  }

  /** The row at which a match begins. */
  int start() {
    return start;
  }

  /** Whether nothing is a match, if no other is. */
  boolean emptyMatch() {
    return emptyMatch;
  }

  /** Entries, row after row, of 256 each; may be an old one, with fewer rows. */
  int[] table() {
    return table;
  }

  /** Number of states. */
  int size() {
    synchronized (sets) {
      return size;
    }
  }

  /** The threads of a row. */
  long[] threads(int row) {
    synchronized (sets) {
      return states[row];
    }
  }

  /** Makes the entry of a row and a byte. */
  int entry(int row, int b) {
    synchronized (sets) {
      int known = table[row << 8 | b];
      if (known != UNKNOWN) {
        return known;
      }
      int entry;
      if (b == END) {
        entry = DEAD | (threads.matchAtEnd(states[row]) >= 0 ? HERE : 0);
      } else {
        threads.set(states[row], 0);
        threads.step(b);
        int flags =
            (threads.matchHere() >= 0 ? HERE : 0) | (threads.matchBefore() >= 0 ? BEFORE : 0);
        if (threads.size() == 0) {
          entry = flags | DEAD;
        } else {
          int next = row(threads.items());
          if (next < 0) {
            return FULL;
          }
          entry = next << 8 | flags;
        }
      }
      table[row << 8 | b] = entry;
      return entry;
    }
  }

  private int row(long[] items) {
    Integer known = rows.get(new State(items));
    if (known != null) {
      return known;
    }
    if (size >= MAX_STATES || threadCount > MAX_THREADS) {
      return -1;
    }
    if (size == states.length) {
      states = Arrays.copyOf(states, size * 2);
      table = Arrays.copyOf(table, (size * 2) << 8);
    }
    states[size] = items;
    threadCount += items.length;
    rows.put(new State(items), size);
    return size++;
  }
}
