package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;
import dev.mor4j.bindings.generated.mor4j_matrix;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.weights.MatrixView;
import java.lang.foreign.MemorySegment;

/**
 * What the model's enums and matrices are in the C ABI of {@code mor4j.h}. The compiler checks that
 * no constant is left out.
 */
final class Codes {
  private Codes() {}

  /** {@code mor4j_dtype}. */
  static int of(WeightType type) {
    return switch (type) {
      case F32 -> Mor4jNative.MOR4J_F32();
      case BF16 -> Mor4jNative.MOR4J_BF16();
      case BF16_PANELS -> Mor4jNative.MOR4J_BF16_PANELS();
      case INT8_PANELS -> Mor4jNative.MOR4J_INT8_PANELS();
      case INT4_PANELS -> Mor4jNative.MOR4J_INT4_PANELS();
    };
  }

  /** {@code mor4j_kv_dtype}. */
  static int of(KvCacheType type) {
    return switch (type) {
      case F32 -> Mor4jNative.MOR4J_KV_F32();
      case BF16 -> Mor4jNative.MOR4J_KV_BF16();
      case INT8 -> Mor4jNative.MOR4J_KV_INT8();
    };
  }

  /** {@code mor4j_kv_mode}. */
  static int of(KvMode mode) {
    return switch (mode) {
      case APPEND -> Mor4jNative.MOR4J_KV_APPEND();
      case READ -> Mor4jNative.MOR4J_KV_READ();
      case OVERLAY -> Mor4jNative.MOR4J_KV_OVERLAY();
    };
  }

  /** Writes {@code mor4j_matrix}. */
  static void write(MatrixView matrix, MemorySegment target) {
    mor4j_matrix.data(target, matrix.data());
    mor4j_matrix.rows(target, matrix.rows());
    mor4j_matrix.cols(target, matrix.cols());
    mor4j_matrix.dtype(target, of(matrix.type()));
    mor4j_matrix.reserved(target, 0);
  }
}
