package dev.mor4j.runtime.backend.plain;

import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.weights.MatrixRows;
import dev.mor4j.runtime.weights.MatrixView;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The operations of a decoder layer in plain Java: slow, obvious, summed in double precision. The
 * oracle of the native kernels' tests, and the fallback where there are none.
 *
 * <p>Source: docs/forward-pass.md, section 3.
 */
final class JavaKernels {
  private JavaKernels() {}

  /** Weight {@code index} of {@code matrix}, which is row-major. */
  static float weight(MatrixView matrix, long index) {
    MemorySegment data = matrix.data();
    return switch (matrix.type()) {
      case F32 -> data.getAtIndex(ValueLayout.JAVA_FLOAT, index);
      case BF16 ->
          Float.intBitsToFloat(data.getAtIndex(ValueLayout.JAVA_SHORT, index) << Short.SIZE);
      case BF16_PANELS, INT8_PANELS, INT4_PANELS ->
          throw new IllegalArgumentException(matrix.type() + " is not row-major");
    };
  }

  /**
   * {@code y[rows] = W x}; x at {@code xOffset}, y at {@code yOffset}. Of packed weights those with
   * scales round x.
   */
  static void multiply(MatrixView w, float[] x, int xOffset, float[] y, int yOffset) {
    if (w.type() == WeightType.INT8_PANELS || w.type() == WeightType.INT4_PANELS) {
      JavaPanels.multiply(w, x, xOffset, y, yOffset);
      return;
    }
    int cols = (int) w.cols();
    float[] row = new float[cols];
    for (int r = 0; r < w.rows(); r++) {
      MatrixRows.read(w, r, row);
      double sum = 0;
      for (int c = 0; c < cols; c++) {
        sum += (double) row[c] * x[xOffset + c];
      }
      y[yOffset + r] = (float) sum;
    }
  }

  /** {@code out = x / sqrt(mean(x²) + eps) · g}, over H values. */
  static void rmsNorm(MatrixView g, float eps, float[] x, int xOffset, float[] out) {
    int hidden = (int) g.cols();
    double squares = 0;
    for (int i = 0; i < hidden; i++) {
      squares += (double) x[xOffset + i] * x[xOffset + i];
    }
    float scale = (float) (1 / Math.sqrt(squares / hidden + eps));
    for (int i = 0; i < hidden; i++) {
      out[i] = x[xOffset + i] * scale * weight(g, i);
    }
  }

  /**
   * Rotates {@code heads} heads of DH values in place, half-split; {@code rope} holds cosines, then
   * sines.
   */
  static void rotate(float[] values, int heads, int headDim, float[] rope, int ropeOffset) {
    int half = headDim / 2;
    for (int h = 0; h < heads; h++) {
      for (int i = 0; i < half; i++) {
        int low = h * headDim + i;
        float cos = rope[ropeOffset + i];
        float sin = rope[ropeOffset + half + i];
        float a = values[low];
        float b = values[low + half];
        values[low] = a * cos - b * sin;
        values[low + half] = b * cos + a * sin;
      }
    }
  }

  /** {@code x / (1 + exp(-x))}. */
  static float silu(float x) {
    return (float) (x / (1 + Math.exp(-x)));
  }

  /** Exact GELU: {@code x · (1 + erf(x / sqrt 2)) / 2}. */
  static float gelu(float x) {
    return (float) (0.5 * x * (1 + erf(x / Math.sqrt(2))));
  }

  /** The error function: series below 3, continued fraction above; absolute error below 1e-15. */
  static double erf(double x) {
    double a = Math.abs(x);
    if (Double.isNaN(x)) {
      return x;
    }
    if (a > 6) {
      return Math.signum(x);
    }
    double value;
    if (a < 3) {
      double term = a;
      double sum = a;
      for (int n = 1; Math.abs(term) > 1e-17 * sum && n < 200; n++) {
        term *= -a * a / n;
        sum += term / (2 * n + 1);
      }
      value = 2 / Math.sqrt(Math.PI) * sum;
    } else {
      double fraction = 0;
      for (int n = 60; n >= 1; n--) {
        fraction = n / 2.0 / (a + fraction);
      }
      value = 1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction);
    }
    return Math.copySign(value, x);
  }
}
