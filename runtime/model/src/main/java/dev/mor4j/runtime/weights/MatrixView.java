package dev.mor4j.runtime.weights;

import dev.mor4j.runtime.numbers.WeightType;
import java.lang.foreign.MemorySegment;

/**
 * A weight matrix, borrowed: {@code y = W x}. A norm is a matrix of one row.
 *
 * @param data the weights, native memory, alive as long as anything prepared from this view
 * @param rows outputs
 * @param cols inputs
 * @param type number type and layout
 */
public record MatrixView(MemorySegment data, long rows, long cols, WeightType type) {
  public MatrixView {
    if (rows < 1 || cols < 1) {
      throw new IllegalArgumentException("matrix of " + rows + " × " + cols);
    }
    long bytes = type.bytes(rows, cols);
    if (!data.isNative() || data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "matrix of "
              + rows
              + " × "
              + cols
              + " "
              + type
              + " over "
              + data.byteSize()
              + " bytes, expected "
              + bytes
              + " bytes of native memory");
    }
    if (data.address() % type.alignment() != 0) {
      throw new IllegalArgumentException(
          "matrix of "
              + type
              + " at address "
              + data.address()
              + ", expected a multiple of "
              + type.alignment());
    }
  }
}
