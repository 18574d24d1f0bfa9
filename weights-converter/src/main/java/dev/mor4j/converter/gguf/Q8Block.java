package dev.mor4j.converter.gguf;

import java.nio.ByteBuffer;

/**
 * ggml's Q8_0: 32 numbers as signed bytes with one scale, {@code x ≈ d · q}.
 *
 * <pre>
 *   0          2                        34
 *   | d, f16   | q, 32 × int8           |     d = max |x| / 127, q = round(x / d)
 * </pre>
 */
final class Q8Block {
  static final int ELEMENTS = 32;
  static final int BYTES = 2 + ELEMENTS;

  private Q8Block() {}

  /**
   * Appends the block of {@code values[from .. from + 32)}, bit for bit as ggml's reference
   * quantiser makes it: the scale is rounded only when it is stored, and halves go away from zero.
   */
  static void encode(float[] values, int from, ByteBuffer out) {
    float largest = 0;
    for (int i = 0; i < ELEMENTS; i++) {
      largest = Math.max(largest, Math.abs(values[from + i]));
    }
    float scale = largest / 127;
    float inverse = scale == 0 ? 0 : 1 / scale;
    out.putShort(Float.floatToFloat16(scale));
    for (int i = 0; i < ELEMENTS; i++) {
      out.put((byte) roundHalfAway(values[from + i] * inverse));
    }
  }

  /** C's {@code roundf}. The sum is exact in double, so nothing just below a half is pushed up. */
  private static int roundHalfAway(float value) {
    return (int) (value + Math.copySign(0.5, value));
  }
}
