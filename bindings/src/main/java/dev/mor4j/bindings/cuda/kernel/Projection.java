package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_project_args;
import java.lang.foreign.MemorySegment;

/**
 * A product of few rows: {@code p = W input[i]}, at most {@link CudaKernels#SKINNY_ROWS} of them.
 *
 * @param rows rows of the pass
 * @param matrix weights, INT8 or of the type
 * @param input T [bucket, cols]; with a norm float32, indexed: [states, cols]
 * @param normWeight float32 [cols], input goes through RMSNorm first; or 0
 * @param out [bucket, stride]
 * @param stride numbers between rows of out
 * @param eps of the norm
 * @param epilogue what becomes of the product
 * @param type type T of the activations
 * @param indexed whether input has a row for each state
 */
public record Projection(
    DeviceRows rows,
    DeviceMatrix matrix,
    long input,
    long normWeight,
    long out,
    long stride,
    float eps,
    Epilogue epilogue,
    CudaType type,
    boolean indexed) {
  /** Writes the C structure. */
  void write(MemorySegment target) {
    rows.write(mor4j_cuda_project_args.rows(target));
    matrix.write(mor4j_cuda_project_args.matrix(target));
    mor4j_cuda_project_args.input(target, Pointers.of(input));
    mor4j_cuda_project_args.norm_weight(target, Pointers.of(normWeight));
    mor4j_cuda_project_args.out(target, Pointers.of(out));
    mor4j_cuda_project_args.stride(target, stride);
    mor4j_cuda_project_args.eps(target, eps);
    mor4j_cuda_project_args.epilogue(target, epilogue.code());
    mor4j_cuda_project_args.type(target, type.code());
    mor4j_cuda_project_args.indexed(target, indexed ? 1 : 0);
  }
}
