package dev.mor4j.runtime.packing;

import java.util.Arrays;

/**
 * Finds the scale of a block and the multiples of it that its numbers become, with the least
 * squared error among some scales. The scale is rounded to bfloat16 first and the numbers are
 * divided by what is left of it. Reused for block after block; one thread.
 */
abstract sealed class BlockQuantizer permits Int8Quantizer, Int4Quantizer {
  /** Blocks whose largest magnitude is below this are zero; the kernels do the same with x. */
  private static final float LEAST_MAGNITUDE = 1e-30f;

  /** Added and taken away again, it leaves a float's nearest whole number, ties to even. */
  private static final float ROUNDING = 1.5f * (1 << 23);

  private final float least;
  private final float most;

  /** The numbers of the block; zeros where the matrix ends. To be filled by the caller. */
  final float[] block = new float[Packing.BLOCK_COLS];

  /** The result: multiples of the scale. */
  final byte[] multiples = new byte[Packing.BLOCK_COLS];

  private short bestScale;
  private double bestError;

  /**
   * @param least smallest multiple
   * @param most largest multiple
   */
  BlockQuantizer(int least, int most) {
    this.least = least;
    this.most = most;
  }

  /** Tries scales for a block of this largest magnitude, at least once, with {@link #attempt}. */
  abstract void search(float magnitude);

  /** Fills {@link #multiples}; returns the scale as bfloat16. */
  final short quantize() {
    float magnitude = 0;
    for (float x : block) {
      magnitude = Math.max(magnitude, Math.abs(x));
    }
    if (magnitude < LEAST_MAGNITUDE) {
      Arrays.fill(multiples, (byte) 0);
      return 0;
    }
    bestError = Double.POSITIVE_INFINITY;
    search(magnitude);
    float inverse = 1 / Bfloat16.widen(bestScale);
    for (int i = 0; i < block.length; i++) {
      multiples[i] = (byte) multiple(block[i], inverse);
    }
    return bestScale;
  }

  /** Takes {@code scale}, a bfloat16, where it gives a smaller error than those before it. */
  final void attempt(short scale) {
    float step = Bfloat16.widen(scale);
    float inverse = 1 / step;
    // Four sums: one alone would wait for itself.
    float error0 = 0;
    float error1 = 0;
    float error2 = 0;
    float error3 = 0;
    for (int i = 0; i < block.length; i += 4) {
      float d0 = block[i] * inverse - multiple(block[i], inverse);
      float d1 = block[i + 1] * inverse - multiple(block[i + 1], inverse);
      float d2 = block[i + 2] * inverse - multiple(block[i + 2], inverse);
      float d3 = block[i + 3] * inverse - multiple(block[i + 3], inverse);
      error0 += d0 * d0;
      error1 += d1 * d1;
      error2 += d2 * d2;
      error3 += d3 * d3;
    }
    // In steps above, so that no square of a tiny number is lost.
    double error = ((double) error0 + error1 + error2 + error3) * step * step;
    if (error < bestError) {
      bestError = error;
      bestScale = scale;
    }
  }

  /** The scale that is best for the multiples that the best scale so far gives, as bfloat16. */
  final short refined() {
    float inverse = 1 / Bfloat16.widen(bestScale);
    double product = 0;
    double squares = 0;
    for (float x : block) {
      float multiple = multiple(x, inverse);
      product += (double) x * multiple;
      squares += multiple * multiple;
    }
    return squares == 0 ? bestScale : Bfloat16.round((float) (product / squares));
  }

  private float multiple(float x, float inverse) {
    float whole = x * inverse + ROUNDING - ROUNDING;
    return Math.min(Math.max(whole, least), most);
  }
}
