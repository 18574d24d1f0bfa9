package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;

/** Number types of weights; {@code mor4j_dtype}. */
public enum WeightType {
  F32(4, Mor4jNative.MOR4J_F32()),
  BF16(2, Mor4jNative.MOR4J_BF16());

  private final int byteSize;
  private final int code;

  WeightType(int byteSize, int code) {
    this.byteSize = byteSize;
    this.code = code;
  }

  int code() {
    return code;
  }

  /** Bytes of one weight. */
  public int byteSize() {
    return byteSize;
  }
}
