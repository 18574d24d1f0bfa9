package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.kernel.CudaType;
import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.packing.Bfloat16;
import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.packing.PanelReader;
import dev.mor4j.runtime.weights.MatrixRows;
import dev.mor4j.runtime.weights.MatrixView;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads rows of a mapped weight matrix in the number types of a device, whatever the file's layout.
 * One thread at a time.
 */
final class WeightRows {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  private final MatrixView view;
  private final int cols;
  private final float[] row;

  WeightRows(MatrixView view) {
    this.view = view;
    this.cols = Math.toIntExact(view.cols());
    this.row = new float[cols];
  }

  /** Whether a matrix of {@code type} is multiplied as bytes with scales. */
  static boolean isInt8(WeightType type) {
    return type == WeightType.INT8_PANELS || type == WeightType.INT4_PANELS;
  }

  /** Whether a matrix of {@code type} lies in the file as the device wants it. */
  static boolean liesAs(WeightType type, CudaType wanted) {
    return (type == WeightType.F32 && wanted == CudaType.F32)
        || (type == WeightType.BF16 && wanted == CudaType.BF16);
  }

  /** Scales of a row of {@code cols} columns. */
  static int scaleCount(long cols) {
    return Math.toIntExact(Math.ceilDiv(cols, Packing.GROUP_COLS));
  }

  /** Copies {@code count} rows from {@code first} on to the beginning of {@code to}, dense. */
  void copy(long first, int count, CudaType type, MemorySegment to) {
    for (int r = 0; r < count; r++) {
      MatrixRows.read(view, first + r, row);
      long at = (long) r * cols * type.bytes();
      for (int c = 0; c < cols; c++) {
        switch (type) {
          case F32 -> to.set(FLOAT, at + (long) c * Float.BYTES, row[c]);
          case BF16 -> to.set(SHORT, at + (long) c * Short.BYTES, Bfloat16.round(row[c]));
          case F16 -> to.set(SHORT, at + (long) c * Short.BYTES, Float.floatToFloat16(row[c]));
          case INT8 -> throw new IllegalArgumentException("int8 has scales");
        }
      }
    }
  }

  /**
   * Copies {@code count} rows of a matrix with scales: multiples [count, cols], and the scales
   * [count, {@link #scaleCount}] as bfloat16.
   */
  void copyInt8(long first, int count, byte[] multiples, short[] scales) {
    PanelReader panels = MatrixRows.panels(view);
    byte[] padded = new byte[Packing.paddedCols(cols)];
    float[] paddedScales = new float[padded.length / Packing.GROUP_COLS];
    int groups = scaleCount(cols);
    for (int r = 0; r < count; r++) {
      panels.readMultiples(first + r, padded, paddedScales);
      System.arraycopy(padded, 0, multiples, r * cols, cols);
      for (int g = 0; g < groups; g++) {
        // The file's scales are bfloat16, so nothing is lost.
        scales[r * groups + g] = Bfloat16.round(paddedScales[g]);
      }
    }
  }
}
