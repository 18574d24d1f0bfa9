package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_scatter_args;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The end of a pass of layers: {@code v = y[i] (+ residual[i])} goes to {@code x[list[i]]}.
 *
 * @param rows rows of the pass
 * @param y float32 [bucket, H]
 * @param residual T [bucket, H]
 * @param x float32 [states, H]
 * @param hidden H
 * @param result what v does to x
 */
public record Scatter(
    DeviceRows rows,
    DeviceView y,
    Optional<DeviceView> residual,
    DeviceView x,
    long hidden,
    Result result) {
  /** What becomes of a pass's result. */
  public sealed interface Result {
    /** It takes the place of the state. */
    record Replace() implements Result {}

    /**
     * It is added to the state, times the row's gate; a row whose gate is exactly 0 is left alone.
     *
     * @param gates float32 [states]
     */
    record Add(DeviceView gates) implements Result {}
  }

  /** Writes the C structure. */
  void write(Operation operation, MemorySegment target) {
    long packed = rows.bucket() * hidden;
    rows.write(operation, mor4j_cuda_scatter_args.rows(target));
    mor4j_cuda_scatter_args.y(target, y.pointer(operation, "y", Element.F32, packed));
    // Without a residual no array has the type of the activations.
    CudaType type = CudaType.F32;
    if (residual.isPresent()) {
      type = CudaType.ofActivations(operation, "residual", residual.get());
      mor4j_cuda_scatter_args.residual(
          target, residual.get().pointer(operation, "residual", type.element(), packed));
    }
    if (result instanceof Result.Add add) {
      mor4j_cuda_scatter_args.gates(
          target, add.gates().pointer(operation, "gates", Element.F32, rows.states()));
      mor4j_cuda_scatter_args.add(target, 1);
    }
    mor4j_cuda_scatter_args.x(
        target, x.pointer(operation, "x", Element.F32, rows.states() * hidden));
    mor4j_cuda_scatter_args.hidden(target, hidden);
    mor4j_cuda_scatter_args.type(target, type.code());
  }
}
