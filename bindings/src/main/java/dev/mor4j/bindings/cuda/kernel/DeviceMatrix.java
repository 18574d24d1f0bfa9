package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_matrix;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A weight matrix in device memory, borrowed: {@code y = W x}.
 *
 * @param data [rows, cols]; its element is the matrix's number type
 * @param scales bfloat16 [rows, ceil(cols / 32)] of an INT8 matrix; others have none
 * @param rows outputs
 * @param cols inputs
 */
public record DeviceMatrix(DeviceView data, Optional<DeviceView> scales, long rows, long cols) {
  /** Columns that a scale is for. */
  private static final long GROUP_COLS = 32;

  /**
   * @throws IllegalArgumentException where the data is of no number type of matrices, where it has
   *     fewer numbers than rows × cols, and where scales are missing or too many
   */
  public DeviceMatrix {
    if (rows < 1 || cols < 1 || !fit(data.element(), scales.isPresent())) {
      throw new IllegalArgumentException(
          "a matrix of "
              + rows
              + " × "
              + cols
              + " "
              + data.element()
              + (scales.isPresent() ? " with" : " without")
              + " scales, expected F32, BF16, F16 or, with scales, INT8");
    }
    if (data.count() < rows * cols) {
      throw new IllegalArgumentException(
          "a matrix of " + rows + " × " + cols + " with " + data.count() + " numbers of data");
    }
  }

  private static boolean fit(Element element, boolean scaled) {
    return switch (element) {
      case F32, BF16, F16 -> !scaled;
      case INT8 -> scaled;
      case F64, INT32, UINT8, UINT32, UINT64, ROUTER, KV_ROW, SAMPLING -> false;
    };
  }

  /** A matrix without scales. */
  public static DeviceMatrix of(DeviceView data, long rows, long cols) {
    return new DeviceMatrix(data, Optional.empty(), rows, cols);
  }

  /** Its number type. */
  public CudaType type() {
    return CudaType.of(data.element());
  }

  /** Its first {@code count} rows. */
  public DeviceMatrix firstRows(long count) {
    return new DeviceMatrix(
        data.slice(0, count * cols),
        scales.map(all -> all.slice(0, count * Math.ceilDiv(cols, GROUP_COLS))),
        count,
        cols);
  }

  /**
   * Writes the C structure.
   *
   * @param dense number type that the operation expects of a matrix without scales
   */
  void write(Operation operation, MemorySegment target, Element dense) {
    Element expected = scales.isPresent() ? Element.INT8 : dense;
    mor4j_cuda_matrix.data(target, data.pointer(operation, "data", expected, rows * cols));
    if (scales.isPresent()) {
      long groups = rows * Math.ceilDiv(cols, GROUP_COLS);
      mor4j_cuda_matrix.scales(
          target, scales.get().pointer(operation, "scales", Element.BF16, groups));
    }
    mor4j_cuda_matrix.rows(target, rows);
    mor4j_cuda_matrix.cols(target, cols);
    mor4j_cuda_matrix.type(target, type().code());
    mor4j_cuda_matrix.reserved(target, 0);
  }
}
