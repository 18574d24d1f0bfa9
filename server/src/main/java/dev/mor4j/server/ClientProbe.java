package dev.mor4j.server;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Watches whether the client of a request is still there. A client that breaks its connection is
 * seen at once. One that has only ended its side looks like one that has left: both have sent an
 * end. So it is sent something that means nothing, and where that finds nobody it has left. A
 * client that waits for its answer gets it.
 *
 * <p>{@link #close} ends it before the response ends. Any thread.
 */
final class ClientProbe implements ClientEndPoint.Watcher {
  /** Before each of the first probes, in milliseconds, and then before all others. */
  private static final long[] PAUSES = {0, 200, 1000, 5000};

  private final Exchange exchange;
  private final Runnable onGone;
  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * @param onGone runs once when the client has left; its thread must not be held up
   */
  ClientProbe(Exchange exchange, Runnable onGone) {
    this.exchange = exchange;
    this.onGone = onGone;
    exchange.client().watch(this);
  }

  @Override
  public void gone() {
    onGone.run();
  }

  @Override
  public void unseen() {
    Thread.ofVirtual().name("mor4j-http-probe").start(this::probe);
  }

  private void probe() {
    try {
      for (int i = 0; !closed.await(pause(i), TimeUnit.MILLISECONDS); i++) {
        switch (exchange.probe()) {
          case HERE -> {}
          case GONE -> {
            onGone.run();
            return;
          }
          case ANSWERED -> {
            return;
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static long pause(int i) {
    return PAUSES[Math.min(i, PAUSES.length - 1)];
  }

  /** The response is about to end: no more is sent. */
  void close() {
    exchange.client().unwatch();
    closed.countDown();
  }
}
