package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.generated.cuda.Mor4jCuda;

/** What {@link CudaKernels#project} does with a product. */
public enum Epilogue {
  /** Stores it, in the type of the activations. */
  STORE(Mor4jCuda.MOR4J_CUDA_STORE()),
  /** Stores it, float32. */
  STORE_F32(Mor4jCuda.MOR4J_CUDA_STORE_F32()),
  /** Adds it to a float32. */
  ADD_F32(Mor4jCuda.MOR4J_CUDA_ADD_F32()),
  /** Stores {@code silu(gate) * up}, of a matrix of 2F rows, gate then up. */
  SILU_MUL(Mor4jCuda.MOR4J_CUDA_SILU_MUL());

  private final int code;

  Epilogue(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
