package dev.mor4j.runtime.backend;

import dev.mor4j.bindings.cpu.MatrixView;
import dev.mor4j.bindings.cpu.WeightType;
import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.packing.PanelReader;

/**
 * The products with packed weights in plain Java. With weights that have scales, x is rounded to
 * int8 in blocks of 32 as the native kernels do, and the sum of a block is an exact whole number;
 * blocks add up in double precision.
 */
final class JavaPanels {
  private static final int BLOCK = Packing.BLOCK_COLS;
  private static final int MOST = 127;
  private static final float LEAST_MAGNITUDE = 1e-30f;

  private JavaPanels() {}

  /** How {@code type}, which is one of panels, is packed. */
  static Packing packing(WeightType type) {
    return switch (type) {
      case BF16_PANELS -> Packing.BF16;
      case INT8_PANELS -> Packing.INT8;
      case INT4_PANELS -> Packing.INT4;
      case F32, BF16 -> throw new IllegalArgumentException(type + " has no panels");
    };
  }

  /** Copies row {@code r} of {@code w} to {@code row}, as float32. */
  static void loadRow(MatrixView w, long r, float[] row) {
    reader(w).readRow(r, row);
  }

  /** {@code y[rows] = W x}, for weights with scales; x at {@code xOffset}, y at {@code yOffset}. */
  static void multiply(MatrixView w, float[] x, int xOffset, float[] y, int yOffset) {
    int cols = (int) w.cols();
    byte[] q = new byte[Packing.paddedCols(cols)];
    float[] xScales = new float[q.length / BLOCK];
    encode(x, xOffset, cols, q, xScales);
    PanelReader reader = reader(w);
    byte[] multiples = new byte[q.length];
    float[] scales = new float[xScales.length];
    for (int r = 0; r < w.rows(); r++) {
      reader.readMultiples(r, multiples, scales);
      double sum = 0;
      for (int block = 0; block < scales.length; block++) {
        int products = 0;
        for (int i = block * BLOCK; i < block * BLOCK + BLOCK; i++) {
          products += multiples[i] * q[i];
        }
        sum += (double) products * scales[block] * xScales[block];
      }
      y[yOffset + r] = (float) sum;
    }
  }

  /**
   * Rounds x [cols] to {@code q · scale}, a scale for each block. A block with a NaN or an infinity
   * has the scale NaN, so that every product with it is NaN.
   */
  static void encode(float[] x, int xOffset, int cols, byte[] q, float[] scales) {
    for (int block = 0; block * BLOCK < cols; block++) {
      int first = block * BLOCK;
      int last = Math.min(cols, first + BLOCK);
      float magnitude = 0;
      for (int i = first; i < last; i++) {
        magnitude = Math.max(magnitude, Math.abs(x[xOffset + i]));
      }
      if (!(magnitude < Float.POSITIVE_INFINITY)) {
        scales[block] = Float.NaN;
      } else if (magnitude >= LEAST_MAGNITUDE) {
        scales[block] = magnitude / MOST;
        float inverse = MOST / magnitude;
        for (int i = first; i < last; i++) {
          q[i] = (byte) Math.rint(x[xOffset + i] * inverse);
        }
      }
    }
  }

  private static PanelReader reader(MatrixView w) {
    return new PanelReader(packing(w.type()), w.data(), (int) w.cols());
  }
}
