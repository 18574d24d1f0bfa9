package dev.mor4j.runtime.numbers;

import java.util.Locale;

/** Number type of the keys and values in KV caches. */
public enum KvCacheType {
  /** Exact. */
  F32(Float.BYTES),
  /** Half the bytes of float32; each number rounded to 8 bits of mantissa. */
  BF16(Short.BYTES),
  /**
   * A quarter of the bytes; the key and the value of each token and head in steps of 1/127 of its
   * largest, with that as a float32 scale.
   */
  INT8(Byte.BYTES);

  private final int byteSize;

  KvCacheType(int byteSize) {
    this.byteSize = byteSize;
  }

  /** Bytes of one number, without its scale. */
  public int byteSize() {
    return byteSize;
  }

  /** The name on a command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
