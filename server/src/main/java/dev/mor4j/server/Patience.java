package dev.mor4j.server;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long to wait for a client's bytes: for a while in any case, then as long as they come at a
 * rate, and never longer than a limit. In the time of {@link System#nanoTime()}, from now.
 */
final class Patience {
  private final long begin = System.nanoTime();
  private final long grace;
  private final int bytesPerSecond;
  private final long limit;

  Patience(Duration grace, int bytesPerSecond, Duration limit) {
    this.grace = grace.toNanos();
    this.bytesPerSecond = bytesPerSecond;
    this.limit = limit.toNanos();
  }

  /** When it ends, if no more than {@code bytes} come. */
  long end(long bytes) {
    return begin + Math.min(limit, grace + TimeUnit.SECONDS.toNanos(bytes) / bytesPerSecond);
  }

  /** When it ends in any case. */
  long last() {
    return begin + limit;
  }
}
