package dev.mor4j.cli.load;

import java.util.ArrayList;
import java.util.List;

/**
 * Samples of a stage of any length in bounded space: once there are too many, every other one is
 * dropped and the interval doubles. Peaks are kept beside them. Not thread-safe.
 */
final class SampleSeries {
  static final int MOST = 960;

  private final List<Sample> samples = new ArrayList<>();
  private long interval;
  private Peaks peaks = Peaks.NONE;

  /**
   * @param interval from a sample to the next, at first
   */
  SampleSeries(long interval) {
    this.interval = interval;
  }

  /** Whether the next sample is due {@code nanos} after the stage's begin. */
  boolean isDue(long nanos) {
    return samples.isEmpty() || nanos - samples.getLast().nanos() >= interval;
  }

  void add(Sample sample) {
    samples.add(sample);
    peaks = peaks.with(sample);
    if (samples.size() >= MOST) {
      interval *= 2;
      // The first stays, and so does the last, which the interval counts from.
      for (int i = samples.size() - 2; i > 0; i -= 2) {
        samples.remove(i);
      }
    }
  }

  List<Sample> samples() {
    return List.copyOf(samples);
  }

  /** Of all samples, kept or not. */
  Peaks peaks() {
    return peaks;
  }
}
