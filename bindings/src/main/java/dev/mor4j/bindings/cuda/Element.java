package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.generated.cuda.mor4j_cuda_kv_row;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_router;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_sampling;

/** What a {@link DeviceView} is an array of: a number type, or the entries of a table. */
public enum Element {
  /** float32. */
  F32(Float.BYTES),
  /** float64. */
  F64(Double.BYTES),
  /** bfloat16. */
  BF16(Short.BYTES),
  /** float16. */
  F16(Short.BYTES),
  /** int8: the multiples of a matrix whose scales are another view. */
  INT8(Byte.BYTES),
  /** int32. */
  INT32(Integer.BYTES),
  /** uint8. */
  UINT8(Byte.BYTES),
  /** uint32. */
  UINT32(Integer.BYTES),
  /** uint64: page tables. */
  UINT64(Long.BYTES),
  /** {@code mor4j_cuda_router}. */
  ROUTER(mor4j_cuda_router.sizeof()),
  /** {@code mor4j_cuda_kv_row}. */
  KV_ROW(mor4j_cuda_kv_row.sizeof()),
  /** {@code mor4j_cuda_sampling}. */
  SAMPLING(mor4j_cuda_sampling.sizeof());

  private final long bytes;

  Element(long bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one. */
  public long bytes() {
    return bytes;
  }
}
