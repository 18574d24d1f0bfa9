package dev.mor4j.runtime;

import java.util.Arrays;

/**
 * Something a second, measured several times.
 *
 * @param median the middle one: what to expect on this machine as busy as it is
 * @param best the largest one: what the machine can do undisturbed
 * @param repeats how often it was measured
 */
public record MeasuredRate(double median, double best, int repeats) {
  /** Of at least one measurement. */
  static MeasuredRate of(double[] rates) {
    if (rates.length == 0) {
      throw new IllegalArgumentException("no measurements, expected at least one");
    }
    double[] sorted = rates.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new MeasuredRate(median, sorted[sorted.length - 1], sorted.length);
  }
}
