package dev.mor4j.runtime.weights;

import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.packing.Bfloat16;
import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.packing.PanelReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads rows of a weight matrix on the host, whatever its layout. Any thread. */
public final class MatrixRows {
  private MatrixRows() {}

  /** Copies row {@code r} of {@code w} to {@code row}, as float32. */
  public static void read(MatrixView w, long r, float[] row) {
    int cols = (int) w.cols();
    long first = r * cols;
    switch (w.type()) {
      case F32 ->
          MemorySegment.copy(w.data(), ValueLayout.JAVA_FLOAT, first * Float.BYTES, row, 0, cols);
      case BF16 -> {
        for (int c = 0; c < cols; c++) {
          row[c] = Bfloat16.widen(w.data().getAtIndex(ValueLayout.JAVA_SHORT, first + c));
        }
      }
      case BF16_PANELS, INT8_PANELS, INT4_PANELS -> panels(w).readRow(r, row);
    }
  }

  /** Reads a matrix of panels. */
  public static PanelReader panels(MatrixView w) {
    return new PanelReader(packing(w.type()), w.data(), (int) w.cols());
  }

  /** How {@code type}, which is one of panels, is packed. */
  private static Packing packing(WeightType type) {
    return switch (type) {
      case BF16_PANELS -> Packing.BF16;
      case INT8_PANELS -> Packing.INT8;
      case INT4_PANELS -> Packing.INT4;
      case F32, BF16 -> throw new IllegalArgumentException(type + " has no panels");
    };
  }
}
