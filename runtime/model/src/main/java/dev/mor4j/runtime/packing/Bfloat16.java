package dev.mor4j.runtime.packing;

/** The upper half of a float32: 8 bits of exponent, 8 of precision. */
public final class Bfloat16 {
  private Bfloat16() {}

  /** The nearest bfloat16 to {@code x}, ties to even; a NaN stays one. */
  public static short round(float x) {
    int bits = Float.floatToRawIntBits(x);
    if (Float.isNaN(x)) {
      return (short) (bits >>> Short.SIZE | 0x40);
    }
    return (short) ((bits + 0x7FFF + ((bits >>> Short.SIZE) & 1)) >>> Short.SIZE);
  }

  /** The same number as float32. */
  public static float widen(short bits) {
    return Float.intBitsToFloat(bits << Short.SIZE);
  }
}
