package dev.mor4j.converter.gguf;

import java.nio.ByteBuffer;

/** Numbers of a row to the bytes of a {@link GgufType}. */
final class RowEncoder {
  private RowEncoder() {}

  /**
   * Appends {@code row} to {@code out}, little-endian.
   *
   * @param row of a length that {@code type} fits, no magnitude above its largest
   */
  static void encode(float[] row, GgufType type, ByteBuffer out) {
    switch (type) {
      case F32 -> {
        for (float value : row) {
          out.putFloat(value);
        }
      }
      case F16 -> {
        for (float value : row) {
          out.putShort(Float.floatToFloat16(value));
        }
      }
      case BF16 -> {
        for (float value : row) {
          out.putShort(bfloat16(value));
        }
      }
      case Q8_0 -> {
        for (int from = 0; from < row.length; from += Q8Block.ELEMENTS) {
          Q8Block.encode(row, from, out);
        }
      }
    }
  }

  /** Rounded to nearest, ties to even; {@code value} is a number. */
  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }

  /** The largest magnitude of {@code row}; NaN where it holds one. */
  static float largest(float[] row) {
    float largest = 0;
    for (float value : row) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
