package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_scatter_args;
import java.lang.foreign.MemorySegment;

/**
 * The end of a pass of layers: {@code v = y[i] (+ residual[i])} goes to {@code x[list[i]]}.
 *
 * @param rows rows of the pass
 * @param y float32 [bucket, H]
 * @param residual T [bucket, H] or 0
 * @param gates float32 [states]; 0: 1
 * @param x float32 [states, H]
 * @param hidden H
 * @param add adds gates times v instead of storing v; a row with gate 0 is left alone
 * @param type type T of the activations
 */
public record Scatter(
    DeviceRows rows,
    long y,
    long residual,
    long gates,
    long x,
    long hidden,
    boolean add,
    CudaType type) {
  /** Writes the C structure. */
  void write(MemorySegment target) {
    rows.write(mor4j_cuda_scatter_args.rows(target));
    mor4j_cuda_scatter_args.y(target, Pointers.of(y));
    mor4j_cuda_scatter_args.residual(target, Pointers.of(residual));
    mor4j_cuda_scatter_args.gates(target, Pointers.of(gates));
    mor4j_cuda_scatter_args.x(target, Pointers.of(x));
    mor4j_cuda_scatter_args.hidden(target, hidden);
    mor4j_cuda_scatter_args.add(target, add ? 1 : 0);
    mor4j_cuda_scatter_args.type(target, type.code());
  }
}
