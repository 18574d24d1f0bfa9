package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.generated.cuda.Mor4jCuda;

/** What a layer does with keys and values. */
public enum CudaKvMode {
  /** Stores them at the row's slot and attends to its cache. */
  APPEND(Mor4jCuda.MOR4J_CUDA_KV_APPEND()),
  /** Attends to what another layer stored. */
  READ(Mor4jCuda.MOR4J_CUDA_KV_READ()),
  /** Stores them in the overlay, which takes the place of entries of the cache. */
  OVERLAY(Mor4jCuda.MOR4J_CUDA_KV_OVERLAY());

  private final int code;

  CudaKvMode(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
