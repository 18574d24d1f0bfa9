package dev.mor4j.runtime.backend.plain;

import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.packing.PanelReader;
import dev.mor4j.runtime.weights.MatrixRows;
import dev.mor4j.runtime.weights.MatrixView;

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

  /** {@code y[rows] = W x}, for weights with scales; x at {@code xOffset}, y at {@code yOffset}. */
  static void multiply(MatrixView w, float[] x, int xOffset, float[] y, int yOffset) {
    int cols = (int) w.cols();
    byte[] q = new byte[Packing.paddedCols(cols)];
    float[] xScales = new float[q.length / BLOCK];
    encode(x, xOffset, cols, q, xScales);
    PanelReader reader = MatrixRows.panels(w);
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
}
