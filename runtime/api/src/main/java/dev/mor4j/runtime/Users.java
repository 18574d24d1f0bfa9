package dev.mor4j.runtime;

/**
 * Counts the users of something that is freed once: when it is closed, which takes that nobody uses
 * it, or, where nobody can close it any more, by its last user. Any thread.
 */
final class Users {
  private final String name;
  private final Runnable free;

  private int count;
  private boolean closed;

  /** Nobody can reach it any more: the last user frees it. */
  private boolean abandoned;

  /**
   * @param name what is used, for messages
   * @param free frees it; called once, while nobody uses it
   */
  Users(String name, Runnable free) {
    this.name = name;
    this.free = free;
  }

  /**
   * There is one more.
   *
   * @throws IllegalStateException when it is closed
   */
  synchronized void enter() {
    if (closed) {
      throw new IllegalStateException(name + " is closed");
    }
    count++;
  }

  /** There is one less. */
  synchronized void leave() {
    count--;
    if (abandoned && count == 0) {
      free();
    }
  }

  synchronized boolean isOpen() {
    return !closed;
  }

  /**
   * Frees it; nothing where that was done.
   *
   * @throws IllegalStateException while it is used
   */
  synchronized void close() {
    if (closed) {
      return;
    }
    if (count > 0) {
      throw new IllegalStateException(
          name + " has " + count + " open sessions, engines or running calls; close them first");
    }
    free();
  }

  /** Nobody can close it any more. */
  synchronized void abandon() {
    abandoned = true;
    if (!closed && count == 0) {
      free();
    }
  }

  private void free() {
    closed = true;
    free.run();
  }
}
