package dev.mor4j.bindings.cuda.gemm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Alpha, always 1, and beta of a product, in host memory that is read before the call returns. One
 * thread at a time.
 */
final class GemmScalars {
  private final MemorySegment alpha;
  private final MemorySegment beta;

  GemmScalars(Arena arena) {
    alpha = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f);
    beta = arena.allocate(ValueLayout.JAVA_FLOAT);
  }

  GemmScalars withBeta(float value) {
    beta.set(ValueLayout.JAVA_FLOAT, 0, value);
    return this;
  }

  MemorySegment alpha() {
    return alpha;
  }

  MemorySegment beta() {
    return beta;
  }
}
