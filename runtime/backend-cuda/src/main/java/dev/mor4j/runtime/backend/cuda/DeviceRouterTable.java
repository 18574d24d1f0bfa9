package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.kernel.CudaType;
import dev.mor4j.bindings.cuda.kernel.DeviceRouter;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import dev.mor4j.bindings.cuda.kernel.Recursion;
import dev.mor4j.bindings.cuda.kernel.Routing;
import dev.mor4j.runtime.backend.PreparedRouter;
import java.util.Optional;

/**
 * Routers in device memory, as a table that kernels read; borrowed. A router by itself is a table
 * of one.
 *
 * @param first the first of them; the others have the same sizes
 * @param table {@link Element#ROUTER}, one for each recursion
 */
record DeviceRouterTable(DeviceRouter first, DeviceView table) implements PreparedRouter {
  /** Outputs of a router. */
  int outs() {
    return first.outs();
  }

  /** Whether the routers have no hidden layer. */
  boolean isLinear() {
    return first.w2().isEmpty();
  }

  /**
   * The launch that gives z [bucket, outs] of {@code rows} for a recursion.
   *
   * @param x states [C, H]
   * @param at its hidden layers have their outputs there
   */
  Routing routing(DeviceRows rows, int recursion, DeviceView x, DeviceView z, Activations at) {
    Optional<Routing.Inner> inner =
        isLinear() ? Optional.empty() : Optional.of(new Routing.Inner(at.inner, first.inner()));
    return new Routing(
        rows,
        table,
        new Recursion.Fixed(recursion),
        x,
        z,
        inner,
        new Routing.Sizes(first.w1().cols(), outs(), CudaType.F32));
  }
}
