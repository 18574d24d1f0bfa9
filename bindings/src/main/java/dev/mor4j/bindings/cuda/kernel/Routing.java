package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_route_args;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * {@code z[i] = router(x[list[i]])}, by the router of the row's recursion.
 *
 * @param rows rows of the pass
 * @param routers {@link DeviceRouter}, one for each recursion
 * @param recursion which of them decides
 * @param x float32 [states, H]
 * @param z float32 [bucket, outs]
 * @param inner the hidden layer of MLP routers; linear ones have none
 * @param sizes sizes that all routers of the table have
 */
public record Routing(
    DeviceRows rows,
    DeviceView routers,
    Recursion recursion,
    DeviceView x,
    DeviceView z,
    Optional<Inner> inner,
    Sizes sizes) {
  /**
   * The hidden layer of MLP routers.
   *
   * @param workspace float32 [bucket, size]
   * @param size its outputs
   */
  public record Inner(DeviceView workspace, int size) {}

  /**
   * Sizes of routers.
   *
   * @param hidden H
   * @param outs outputs
   * @param type number type of their weights
   */
  public record Sizes(long hidden, int outs, CudaType type) {}

  /** Writes the C structure. */
  void write(Operation operation, MemorySegment target) {
    rows.write(operation, mor4j_cuda_route_args.rows(target));
    mor4j_cuda_route_args.routers(
        target, routers.pointer(operation, "routers", Element.ROUTER, recursion.leastRouters()));
    switch (recursion) {
      case Recursion.Fixed fixed -> mor4j_cuda_route_args.fixed_recursion(target, fixed.index());
      case Recursion.PerRow perRow ->
          mor4j_cuda_route_args.recursions(
              target,
              perRow.recursions().pointer(operation, "recursions", Element.INT32, rows.states()));
    }
    mor4j_cuda_route_args.x(
        target, x.pointer(operation, "x", Element.F32, rows.states() * sizes.hidden()));
    mor4j_cuda_route_args.z(
        target, z.pointer(operation, "z", Element.F32, (long) rows.bucket() * sizes.outs()));
    if (inner.isPresent()) {
      int size = inner.get().size();
      mor4j_cuda_route_args.workspace(
          target,
          inner
              .get()
              .workspace()
              .pointer(operation, "workspace", Element.F32, (long) rows.bucket() * size));
      mor4j_cuda_route_args.inner(target, size);
    }
    mor4j_cuda_route_args.hidden(target, sizes.hidden());
    mor4j_cuda_route_args.outs(target, sizes.outs());
    mor4j_cuda_route_args.type(target, sizes.type().code());
  }
}
