package dev.mor4j.bindings.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets calls in until it is closed, and counts them, so that what they use can be freed when the
 * last has left. Any thread; entering and leaving allocate nothing, unlike the read locks of the
 * JDK, which keep a counter for each thread.
 *
 * <pre>
 *   state  31        30 ..... 0
 *          | closed | calls    |
 * </pre>
 */
final class CallGate {
  private static final int CLOSED = Integer.MIN_VALUE;

  private final AtomicInteger state = new AtomicInteger();
  private volatile Thread closer;

  /** Whether the call may go on; if so it ends with {@link #leave()}. */
  boolean enter() {
    while (true) {
      int seen = state.get();
      if (seen < 0) {
        return false;
      }
      if (state.compareAndSet(seen, seen + 1)) {
        return true;
      }
    }
  }

  void leave() {
    if (state.decrementAndGet() == CLOSED) {
      LockSupport.unpark(closer);
    }
  }

  /**
   * Lets nobody in any more and waits for those inside. An interrupt does not cut the wait short;
   * it is kept.
   *
   * @return false when it was closed already, by a call that may still wait
   */
  boolean close() {
    synchronized (this) {
      if (state.get() < 0) {
        return false;
      }
      // Named before the gate is closed, so that the last to leave a closed gate finds it.
      closer = Thread.currentThread();
      state.getAndAccumulate(CLOSED, (calls, closed) -> calls | closed);
    }
    boolean interrupted = false;
    while (state.get() != CLOSED) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    closer = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return true;
  }
}
