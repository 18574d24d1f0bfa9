package dev.mor4j.cli.load;

import java.time.Duration;

/**
 * One run of load: requests are sent for a time or up to a number, whichever ends first, and then
 * finished.
 *
 * @param number from 0; other stages of the same seed send other requests
 * @param name for people
 * @param arrivals when requests are sent
 * @param duration for how long requests are sent
 * @param requests most that are sent
 */
public record LoadStage(
    int number, String name, Arrivals arrivals, Duration duration, long requests) {
  /** For {@link #duration} where the number alone is to end the stage. */
  public static final Duration FOR_EVER = Duration.ofDays(365);

  public LoadStage {
    if (duration.isNegative() || duration.isZero() || duration.compareTo(FOR_EVER) > 0) {
      throw new IllegalArgumentException(
          "a duration of " + duration + ", expected more than 0, at most a year");
    }
    if (requests < 1) {
      throw new IllegalArgumentException(requests + " requests, expected 1 or more");
    }
  }
}
