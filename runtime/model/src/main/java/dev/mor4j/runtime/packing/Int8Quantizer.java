package dev.mor4j.runtime.packing;

/** Multiples of -127 to 127; no number is further than half a step from what it becomes. */
final class Int8Quantizer extends BlockQuantizer {
  private static final int MOST = 127;

  Int8Quantizer() {
    super(-MOST, MOST);
  }

  @Override
  void search(float magnitude) {
    int nearest = Bfloat16.round(magnitude / MOST);
    for (int neighbour = -1; neighbour <= 1; neighbour++) {
      short scale = (short) (nearest + neighbour);
      // The nearest itself always passes: it is off by 1/256 at most.
      if (magnitude <= (MOST + 0.5f) * Bfloat16.widen(scale)) {
        attempt(scale);
      }
    }
  }
}
