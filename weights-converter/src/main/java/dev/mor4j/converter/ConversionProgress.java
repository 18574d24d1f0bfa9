package dev.mor4j.converter;

import java.util.function.LongConsumer;

/** Is told how far a conversion is, on the converting thread. */
@FunctionalInterface
public interface ConversionProgress {
  /** Does nothing. */
  ConversionProgress NONE = (done, total, what) -> {};

  /**
   * Called after each piece of at most about a MiB.
   *
   * @param bytesDone of the present step
   * @param bytesTotal of the present step
   * @param what the step, such as {@code "writing weights"}
   */
  void report(long bytesDone, long bytesTotal, String what);

  /**
   * Reports the lengths that the result is given as progress of one step of {@code total} bytes.
   */
  default LongConsumer step(String what, long total) {
    long[] done = {0};
    return length -> {
      done[0] += length;
      report(done[0], total, what);
    };
  }
}
