package dev.mor4j.runtime.sampling;

/**
 * The noise that decides among candidates: for each seed, position and token 32 bits of a hash, and
 * from them a number with the standard Gumbel distribution. What is chosen by it depends on nothing
 * that was chosen before, so a token that is computed again, or guessed, has the same noise. C and
 * CUDA kernels compute the same bits ({@code mor4j_noise}).
 */
public final class TokenNoise {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private TokenNoise() {}

  /** What the noise of a position's tokens comes from. */
  public static long draw(long seed, int position) {
    return mix(mix(seed) + GOLDEN * position);
  }

  /** The end of a splitmix64 step. */
  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }

  /** 32 bits for token {@code id}: one half of the draw goes in first, the other midway. */
  public static int bits(long draw, int id) {
    int h = id ^ (int) draw;
    h = (h ^ (h >>> 17)) * 0xED5AD4BB;
    h = (h ^ (h >>> 11)) + (int) (draw >>> 32);
    h *= 0xAC4C1B51;
    h = (h ^ (h >>> 15)) * 0x31848BAB;
    return h ^ (h >>> 14);
  }

  /**
   * The Gumbel noise {@code -ln(-ln u)} of {@code u = (bits + 1/2) / 2^32}, bits unsigned, in
   * float64 with the logarithm of fdlibm: from -3.2 to 22.9.
   */
  public static double gumbel(int bits) {
    double u = (Integer.toUnsignedLong(bits) + 0.5) * 0x1p-32;
    return -StrictMath.log(-StrictMath.log(u));
  }
}
