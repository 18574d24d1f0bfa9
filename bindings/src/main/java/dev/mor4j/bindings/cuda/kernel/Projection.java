package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_project_args;
import java.lang.foreign.MemorySegment;

/**
 * A product of few rows: {@code p = W input[i]}, at most {@link CudaKernels#SKINNY_ROWS} of them.
 *
 * @param rows rows of the pass
 * @param matrix weights, INT8 or of the type
 * @param input what is multiplied
 * @param output what becomes of the product
 * @param type type T of the activations
 */
public record Projection(
    DeviceRows rows, DeviceMatrix matrix, Input input, Output output, CudaType type) {
  /** What is multiplied. */
  public sealed interface Input {
    /**
     * Rows as they are.
     *
     * @param view T [bucket, cols]
     */
    record Plain(DeviceView view) implements Input {}

    /**
     * Rows that go through RMSNorm first.
     *
     * @param view float32 [bucket, cols]; indexed: [states, cols], by state row
     * @param norm its weight and eps
     * @param indexed whether the view has a row for each state
     */
    record Normed(DeviceView view, Norm norm, boolean indexed) implements Input {}
  }

  /**
   * What becomes of the product.
   *
   * @param view [bucket, stride], of T or float32 as the epilogue says
   * @param stride numbers between the beginnings of its rows
   * @param epilogue what is done
   */
  public record Output(DeviceView view, long stride, Epilogue epilogue) {}

  /** Writes the C structure. */
  void write(Operation operation, MemorySegment target) {
    rows.write(operation, mor4j_cuda_project_args.rows(target));
    matrix.write(operation.in("matrix"), mor4j_cuda_project_args.matrix(target), type.element());
    writeInput(operation, target);
    Element out =
        switch (output.epilogue()) {
          case STORE, SILU_MUL -> type.element();
          case STORE_F32, ADD_F32 -> Element.F32;
        };
    mor4j_cuda_project_args.out(
        target, output.view().pointer(operation, "out", out, rows.bucket() * output.stride()));
    mor4j_cuda_project_args.stride(target, output.stride());
    mor4j_cuda_project_args.epilogue(target, output.epilogue().code());
    mor4j_cuda_project_args.type(target, type.code());
  }

  private void writeInput(Operation operation, MemorySegment target) {
    long cols = matrix.cols();
    switch (input) {
      case Input.Plain plain ->
          mor4j_cuda_project_args.input(
              target,
              plain.view().pointer(operation, "input", type.element(), rows.bucket() * cols));
      case Input.Normed normed -> {
        long from = normed.indexed() ? rows.states() : rows.bucket();
        mor4j_cuda_project_args.input(
            target, normed.view().pointer(operation, "input", Element.F32, from * cols));
        mor4j_cuda_project_args.norm_weight(
            target, normed.norm().weight().pointer(operation, "norm_weight", Element.F32, cols));
        mor4j_cuda_project_args.eps(target, normed.norm().eps());
        mor4j_cuda_project_args.indexed(target, normed.indexed() ? 1 : 0);
      }
    }
  }
}
