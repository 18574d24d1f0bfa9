package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_rmsnorm_args;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * {@code y[i] += residual[i]} where there is one, then {@code out[i] = norm(y[i])}.
 *
 * @param rows rows of the pass
 * @param y float32 [bucket, H]; indexed: [states, H], by state row
 * @param residual T [bucket, H]; not with indexed
 * @param norm its weight and eps
 * @param out T [bucket, H]
 * @param hidden H
 * @param indexed whether y has a row for each state
 */
public record RmsNorm(
    DeviceRows rows,
    DeviceView y,
    Optional<DeviceView> residual,
    Norm norm,
    DeviceView out,
    long hidden,
    boolean indexed) {
  /**
   * @throws IllegalArgumentException for a residual of rows that are indexed
   */
  public RmsNorm {
    if (indexed && residual.isPresent()) {
      throw new IllegalArgumentException("a norm of indexed rows takes no residual");
    }
  }

  /** Writes the C structure. */
  void write(Operation operation, MemorySegment target) {
    long packed = rows.bucket() * hidden;
    CudaType type = CudaType.ofActivations(operation, "out", out);
    rows.write(operation, mor4j_cuda_rmsnorm_args.rows(target));
    mor4j_cuda_rmsnorm_args.y(
        target, y.pointer(operation, "y", Element.F32, indexed ? rows.states() * hidden : packed));
    if (residual.isPresent()) {
      mor4j_cuda_rmsnorm_args.residual(
          target, residual.get().pointer(operation, "residual", type.element(), packed));
    }
    mor4j_cuda_rmsnorm_args.weight(
        target, norm.weight().pointer(operation, "weight", Element.F32, hidden));
    mor4j_cuda_rmsnorm_args.out(target, out.pointer(operation, "out", type.element(), packed));
    mor4j_cuda_rmsnorm_args.hidden(target, hidden);
    mor4j_cuda_rmsnorm_args.eps(target, norm.eps());
    mor4j_cuda_rmsnorm_args.type(target, type.code());
    mor4j_cuda_rmsnorm_args.indexed(target, indexed ? 1 : 0);
    mor4j_cuda_rmsnorm_args.reserved(target, 0);
  }
}
