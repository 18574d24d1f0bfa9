package dev.mor4j.runtime.sampling;

/**
 * Probabilities relative to the likeliest token's, in whole units of 2^-30: sums of them do not
 * depend on an order, so threads, instruction sets and devices agree about a nucleus. Float32 with
 * every operation rounded by itself; C and CUDA kernels compute the same bits.
 */
final class TokenWeights {
  /** log2 e. */
  static final double LOG2_E = 1.4426950408889634;

  /** {@code 2^t} below which there is no whole unit; NaN counts as less. */
  private static final float LEAST = -32;

  /** Added and taken away again it rounds to the nearest whole number, of two to the even one. */
  private static final float ROUNDER = 0x1.8p23f;

  private TokenWeights() {}

  /** What {@code logit - largest} is multiplied by to be an exponent of 2. */
  static float scale(double temperature) {
    return Math.min((float) (LOG2_E / temperature), Float.MAX_VALUE);
  }

  /**
   * {@code 2^t} in units of 2^-30, rounded down, {@code t <= 0}.
   *
   * @param exponent {@code (logit - largest) · scale}
   */
  static int weight(float exponent) {
    float t = exponent > LEAST ? exponent : LEAST;
    float rounded = t + ROUNDER;
    float n = rounded - ROUNDER;
    float f = t - n;
    // 2^f for |f| <= 1/2, to 1e-7.
    float p = 0x1.5bba14p-10f * f + 0x1.3cea88p-7f;
    p = p * f + 0x1.c6b752p-5f;
    p = p * f + 0x1.ebf9bcp-3f;
    p = p * f + 0x1.62e42ap-1f;
    p = p * f + 1;
    // Exact: a power of two. The rounded sum ends in the bits of n.
    return (int) (p * Float.intBitsToFloat((Float.floatToRawIntBits(rounded) + 157) << 23));
  }
}
