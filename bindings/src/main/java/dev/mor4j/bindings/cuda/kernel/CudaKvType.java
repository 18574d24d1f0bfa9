package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.generated.cuda.Mor4jCuda;

/** Number types of caches; a page has the layout of mor4j.h (mor4j_shape). */
public enum CudaKvType {
  /** float32. */
  F32(Mor4jCuda.MOR4J_CUDA_KV_F32()),
  /** bfloat16. */
  BF16(Mor4jCuda.MOR4J_CUDA_KV_BF16()),
  /** int8 with a scale a head. */
  INT8(Mor4jCuda.MOR4J_CUDA_KV_INT8());

  private final int code;

  CudaKvType(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
