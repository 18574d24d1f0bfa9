package dev.mor4j.bindings.cuda.gemm;

import dev.mor4j.bindings.cuda.kernel.CudaType;

/**
 * A product {@code y[rows, outs] = x[rows, ins] · W[outs, ins]ᵀ}, row-major.
 *
 * @param rows rows of x and y
 * @param outs outputs
 * @param ins inputs
 * @param type number type of x and W: F32, BF16 or F16
 * @param outType number type of y: F32 or the same
 * @param outStride numbers between the beginnings of two rows of y, at least outs
 */
public record GemmShape(
    int rows, int outs, int ins, CudaType type, CudaType outType, long outStride) {
  public GemmShape {
    if (rows < 1 || outs < 1 || ins < 1 || outStride < outs) {
      throw new IllegalArgumentException(
          "product of " + rows + " × " + ins + " with " + outs + " outputs, stride " + outStride);
    }
    if (type == CudaType.INT8 || (outType != CudaType.F32 && outType != type)) {
      throw new IllegalArgumentException("product of " + type + " to " + outType);
    }
  }

  /** With the rows of y side by side. */
  public static GemmShape of(int rows, int outs, int ins, CudaType type, CudaType outType) {
    return new GemmShape(rows, outs, ins, type, outType, outs);
  }
}
