package dev.mor4j.runtime;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What an engine's thread is asked to do, in the order in which it was asked. What was taken in is
 * there to be taken out; once it is closed nothing is taken in. Any thread puts in, one takes out.
 */
final class Inbox {
  private final LinkedBlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();

  /** Guarded by this, so that nothing comes in behind what {@link #close} has seen last. */
  private boolean closed;

  /**
   * Takes a command in.
   *
   * @return whether it will be run; not so once the inbox is closed
   */
  synchronized boolean post(Runnable command) {
    if (!closed) {
      commands.add(command);
    }
    return !closed;
  }

  /** The next command, or null where there is none now. */
  Runnable poll() {
    return commands.poll();
  }

  /** The next command; waits for it, and gives null where none has come in time. */
  Runnable poll(long nanos) throws InterruptedException {
    return commands.poll(nanos, TimeUnit.NANOSECONDS);
  }

  /** Takes nothing in any more. */
  synchronized void close() {
    closed = true;
  }
}
