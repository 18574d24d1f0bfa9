package dev.mor4j.runtime.schedule;

/**
 * The rows of the workspace's states, each free or with one token of a sequence. One thread at a
 * time.
 */
final class Rows {
  private final Sequence[] owners;
  private final int[] free;
  private int freeCount;

  Rows(int capacity) {
    owners = new Sequence[capacity];
    free = new int[capacity];
    freeCount = capacity;
    for (int i = 0; i < capacity; i++) {
      free[i] = capacity - 1 - i;
    }
  }

  int freeCount() {
    return freeCount;
  }

  boolean anyTaken() {
    return freeCount < owners.length;
  }

  int capacity() {
    return owners.length;
  }

  int take(Sequence owner) {
    int row = free[--freeCount];
    owners[row] = owner;
    return row;
  }

  void giveBack(int row) {
    owners[row] = null;
    free[freeCount++] = row;
  }

  /** Whose token is in {@code row}; null where it is free. */
  Sequence owner(int row) {
    return owners[row];
  }
}
