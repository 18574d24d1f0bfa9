package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.generated.cuda.Mor4jCuda;
import dev.mor4j.runtime.format.RoutingConfig.RouterFunction;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.numbers.KvCacheType;

/**
 * What the model's enums are in the C ABI of {@code mor4j_cuda.h}. The compiler checks that no
 * constant is left out.
 */
final class Codes {
  private Codes() {}

  /** Number types of caches; a page has the layout of {@code mor4j.h} ({@code mor4j_shape}). */
  static int of(KvCacheType type) {
    return switch (type) {
      case F32 -> Mor4jCuda.MOR4J_CUDA_KV_F32();
      case BF16 -> Mor4jCuda.MOR4J_CUDA_KV_BF16();
      case INT8 -> Mor4jCuda.MOR4J_CUDA_KV_INT8();
    };
  }

  /** What a layer does with keys and values. */
  static int of(KvMode mode) {
    return switch (mode) {
      case APPEND -> Mor4jCuda.MOR4J_CUDA_KV_APPEND();
      case READ -> Mor4jCuda.MOR4J_CUDA_KV_READ();
      case OVERLAY -> Mor4jCuda.MOR4J_CUDA_KV_OVERLAY();
    };
  }

  /** Functions of a router's output. */
  static int of(RouterFunction function) {
    return switch (function) {
      case NONE -> Mor4jCuda.MOR4J_CUDA_IDENTITY();
      case SIGMOID -> Mor4jCuda.MOR4J_CUDA_SIGMOID();
      case TANH -> Mor4jCuda.MOR4J_CUDA_TANH();
      case SOFTMAX -> Mor4jCuda.MOR4J_CUDA_SOFTMAX();
    };
  }
}
