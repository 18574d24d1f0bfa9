package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.generated.cuda.Mor4jCuda;

/** Number types of weights and activations. */
public enum CudaType {
  /** float32. */
  F32(Mor4jCuda.MOR4J_CUDA_F32(), Float.BYTES),
  /** bfloat16. */
  BF16(Mor4jCuda.MOR4J_CUDA_BF16(), Short.BYTES),
  /** float16. */
  F16(Mor4jCuda.MOR4J_CUDA_F16(), Short.BYTES),
  /** int8 with a bfloat16 scale for each block of 32 columns of a row; for weights only. */
  INT8(Mor4jCuda.MOR4J_CUDA_INT8(), Byte.BYTES);

  private final int code;
  private final int bytes;

  CudaType(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /** Its number in the C ABI. */
  public int code() {
    return code;
  }

  /** Bytes of a number, without scales. */
  public int bytes() {
    return bytes;
  }
}
