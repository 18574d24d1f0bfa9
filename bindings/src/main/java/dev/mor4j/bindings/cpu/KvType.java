package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;

/** Number types of KV caches; {@code mor4j_kv_dtype}. */
public enum KvType {
  F32(Float.BYTES, Mor4jNative.MOR4J_KV_F32()),
  BF16(Short.BYTES, Mor4jNative.MOR4J_KV_BF16()),
  /** With a float32 scale for each entry's key and each entry's value of a head. */
  INT8(Byte.BYTES, Mor4jNative.MOR4J_KV_INT8());

  private final int byteSize;
  private final int code;

  KvType(int byteSize, int code) {
    this.byteSize = byteSize;
    this.code = code;
  }

  int code() {
    return code;
  }

  /** Bytes of one number, without its scale. */
  public int byteSize() {
    return byteSize;
  }
}
