package dev.mor4j.cli.load;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** The requests that are on their way. Thread-safe. */
final class InFlight {
  private static final long POLL_MILLIS = 50;

  private final Set<Exchange> exchanges = new HashSet<>();

  synchronized void add(Exchange exchange) {
    exchanges.add(exchange);
  }

  synchronized void remove(Exchange exchange) {
    exchanges.remove(exchange);
    if (exchanges.isEmpty()) {
      notifyAll();
    }
  }

  synchronized int size() {
    return exchanges.size();
  }

  /**
   * Waits until none is on its way.
   *
   * @param nanos how long at most
   * @param given ends the wait where true
   * @return whether none is
   */
  synchronized boolean awaitNone(long nanos, BooleanSupplier given) throws InterruptedException {
    long begin = System.nanoTime();
    while (!exchanges.isEmpty()) {
      if (given.getAsBoolean() || System.nanoTime() - begin >= nanos) {
        return false;
      }
      wait(POLL_MILLIS);
    }
    return true;
  }

  /** Cuts all of them. */
  void cut() {
    List<Exchange> all;
    synchronized (this) {
      all = new ArrayList<>(exchanges);
    }
    // Outside the lock: cancelling may end a request on this thread.
    all.forEach(Exchange::cut);
  }
}
