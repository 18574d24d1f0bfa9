package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_matrix;
import java.lang.foreign.MemorySegment;

/**
 * A weight matrix in device memory, borrowed: {@code y = W x}.
 *
 * @param data [rows, cols] of the type
 * @param scales bfloat16 [rows, ceil(cols / 32)] of INT8, else 0
 * @param rows outputs
 * @param cols inputs
 * @param type number type
 */
public record DeviceMatrix(long data, long scales, long rows, long cols, CudaType type) {
  public DeviceMatrix {
    if (rows < 1 || cols < 1 || data == 0 || (type == CudaType.INT8) != (scales != 0)) {
      throw new IllegalArgumentException(
          "matrix of " + rows + " × " + cols + " " + type + " at " + data + ", scales " + scales);
    }
  }

  /** Writes the C structure. */
  void write(MemorySegment target) {
    mor4j_cuda_matrix.data(target, Pointers.of(data));
    mor4j_cuda_matrix.scales(target, Pointers.of(scales));
    mor4j_cuda_matrix.rows(target, rows);
    mor4j_cuda_matrix.cols(target, cols);
    mor4j_cuda_matrix.type(target, type.code());
    mor4j_cuda_matrix.reserved(target, 0);
  }
}
