package dev.mor4j.runtime.packing;

/**
 * Multiples of -8 to 7. With so few the error depends much on where they fall, so a range of scales
 * is tried, and then the one that is best for the multiples found.
 */
final class Int4Quantizer extends BlockQuantizer {
  /** The largest magnitude is at the scales tried 9, 8.75, .. 5.5 steps. */
  private static final float FINEST = 9f;

  private static final float COARSEST = 5.5f;
  private static final float STRIDE = 0.25f;

  Int4Quantizer() {
    super(-8, 7);
  }

  @Override
  void search(float magnitude) {
    for (float steps = FINEST; steps >= COARSEST; steps -= STRIDE) {
      attempt(Bfloat16.round(magnitude / steps));
    }
    attempt(refined());
  }
}
