package dev.mor4j.runtime;

import dev.mor4j.bindings.cpu.KvType;
import java.util.Locale;

/** Number type of the keys and values that sessions keep. */
public enum KvCacheType {
  /** Exact. */
  F32(KvType.F32),
  /** Half the bytes of float32; each number rounded to 8 bits of mantissa. */
  BF16(KvType.BF16),
  /**
   * A quarter of the bytes; the key and the value of each token and head in steps of 1/127 of its
   * largest.
   */
  INT8(KvType.INT8);

  private final KvType type;

  KvCacheType(KvType type) {
    this.type = type;
  }

  KvType type() {
    return type;
  }

  /** The name on a command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
