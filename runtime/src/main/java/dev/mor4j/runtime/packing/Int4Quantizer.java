package dev.mor4j.runtime.packing;

/**
 * Multiples of -8 to 7. With so few the error depends much on where they fall, so a range of scales
 * is tried, and then the one that is best for the multiples found.
 */
final class Int4Quantizer extends BlockQuantizer {
  private static final int SCALES = 16;
  private static final float COARSEST = 5.5f;
  private static final float FINEST = 9f;

  Int4Quantizer() {
    super(-8, 7);
  }

  @Override
  void search(float magnitude) {
    for (int i = 0; i < SCALES; i++) {
      float steps = FINEST - (FINEST - COARSEST) * i / (SCALES - 1);
      attempt(Bfloat16.round(magnitude / steps));
    }
    attempt(refined());
  }
}
