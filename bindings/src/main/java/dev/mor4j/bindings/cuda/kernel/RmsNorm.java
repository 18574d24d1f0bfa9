package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_rmsnorm_args;
import java.lang.foreign.MemorySegment;

/**
 * {@code y[i] += residual[i]} where there is one, then {@code out[i] = y[i] / rms(y[i]) * weight}.
 *
 * @param rows rows of the pass
 * @param y float32 [bucket, H]; indexed: [states, H], by state row, and no residual
 * @param residual T [bucket, H] or 0
 * @param weight float32 [H]
 * @param out T [bucket, H]
 * @param hidden H
 * @param eps added to the mean square
 * @param type type T of the activations
 * @param indexed whether y has a row for each state
 */
public record RmsNorm(
    DeviceRows rows,
    long y,
    long residual,
    long weight,
    long out,
    long hidden,
    float eps,
    CudaType type,
    boolean indexed) {
  /** Writes the C structure. */
  void write(MemorySegment target) {
    rows.write(mor4j_cuda_rmsnorm_args.rows(target));
    mor4j_cuda_rmsnorm_args.y(target, Pointers.of(y));
    mor4j_cuda_rmsnorm_args.residual(target, Pointers.of(residual));
    mor4j_cuda_rmsnorm_args.weight(target, Pointers.of(weight));
    mor4j_cuda_rmsnorm_args.out(target, Pointers.of(out));
    mor4j_cuda_rmsnorm_args.hidden(target, hidden);
    mor4j_cuda_rmsnorm_args.eps(target, eps);
    mor4j_cuda_rmsnorm_args.type(target, type.code());
    mor4j_cuda_rmsnorm_args.indexed(target, indexed ? 1 : 0);
    mor4j_cuda_rmsnorm_args.reserved(target, 0);
  }
}
