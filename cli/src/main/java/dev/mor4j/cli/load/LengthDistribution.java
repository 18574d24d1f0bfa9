package dev.mor4j.cli.load;

import java.util.random.RandomGenerator;

/**
 * Lengths in tokens, normally distributed, rounded and clipped.
 *
 * @param mean before clipping
 * @param deviation standard deviation before clipping, 0 or more
 */
public record LengthDistribution(double mean, double deviation) {
  public LengthDistribution {
    if (!(mean >= 1 && mean <= 1e9)) {
      throw new IllegalArgumentException("a mean length of " + mean + ", expected 1 or more");
    }
    if (!(deviation >= 0 && deviation <= 1e9)) {
      throw new IllegalArgumentException(
          "a standard deviation of " + deviation + ", expected 0 or more");
    }
  }

  /** A length of 1 to {@code most}; takes one normal number from {@code random} in any case. */
  int draw(RandomGenerator random, int most) {
    long length = Math.round(mean + deviation * random.nextGaussian());
    return Math.clamp(length, 1, most);
  }
}
