package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_route_args;
import java.lang.foreign.MemorySegment;

/**
 * {@code z[i] = router(x[list[i]])}, by the router of the row's recursion.
 *
 * @param rows rows of the pass
 * @param routers {@link DeviceRouter} for each recursion
 * @param recursions int32 [states]; 0: fixedRecursion for all rows
 * @param x float32 [states, H]
 * @param z float32 [bucket, outs]
 * @param workspace float32 [bucket, inner], for MLP routers; else 0
 * @param hidden H
 * @param inner inner size of MLP routers, 0 for linear ones
 * @param outs outputs
 * @param fixedRecursion which router decides
 * @param type type T of the activations
 */
public record Routing(
    DeviceRows rows,
    long routers,
    long recursions,
    long x,
    long z,
    long workspace,
    long hidden,
    int inner,
    int outs,
    int fixedRecursion,
    CudaType type) {
  /** Writes the C structure. */
  void write(MemorySegment target) {
    rows.write(mor4j_cuda_route_args.rows(target));
    mor4j_cuda_route_args.routers(target, Pointers.of(routers));
    mor4j_cuda_route_args.recursions(target, Pointers.of(recursions));
    mor4j_cuda_route_args.x(target, Pointers.of(x));
    mor4j_cuda_route_args.z(target, Pointers.of(z));
    mor4j_cuda_route_args.workspace(target, Pointers.of(workspace));
    mor4j_cuda_route_args.hidden(target, hidden);
    mor4j_cuda_route_args.inner(target, inner);
    mor4j_cuda_route_args.outs(target, outs);
    mor4j_cuda_route_args.fixed_recursion(target, fixedRecursion);
    mor4j_cuda_route_args.type(target, type.code());
  }
}
