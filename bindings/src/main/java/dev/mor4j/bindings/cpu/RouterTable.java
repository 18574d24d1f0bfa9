package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;
import dev.mor4j.bindings.generated.mor4j_router;
import dev.mor4j.runtime.weights.MatrixView;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A router as a C structure, written once; lives in the arena it was made in and borrows its
 * weights. Immutable.
 */
public final class RouterTable {
  private final MemorySegment router;
  private final int outputs;
  private final long innerRows;

  /**
   * @param w1 linear: [outs, H]; with {@code w2}: [M, H]
   * @param w2 [outs, M] of a router with a hidden layer
   * @param temperature divides the input
   */
  public RouterTable(Arena arena, MatrixView w1, Optional<MatrixView> w2, float temperature) {
    router = mor4j_router.allocate(arena);
    Codes.write(w1, mor4j_router.w1(router));
    w2.ifPresent(matrix -> Codes.write(matrix, mor4j_router.w2(router)));
    mor4j_router.kind(
        router,
        w2.isPresent() ? Mor4jNative.MOR4J_ROUTER_MLP() : Mor4jNative.MOR4J_ROUTER_LINEAR());
    mor4j_router.temperature(router, temperature);
    outputs = Math.toIntExact(w2.orElse(w1).rows());
    innerRows = w1.rows();
  }

  /** Outputs per row. */
  public int outputs() {
    return outputs;
  }

  /** Floats of workspace per row, for a hidden size of {@code hidden}. */
  public long workspaceFloats(int hidden) {
    return hidden + innerRows;
  }

  MemorySegment segment() {
    return router;
  }
}
