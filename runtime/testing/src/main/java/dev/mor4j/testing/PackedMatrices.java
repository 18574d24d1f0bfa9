package dev.mor4j.testing;

import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.packing.PanelPacker;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;

/** Matrices to pack, and packed ones. */
public final class PackedMatrices {
  private PackedMatrices() {}

  /** About normal in blocks of different sizes; some blocks and single numbers are zero. */
  public static float[] random(int rows, int cols, long seed) {
    Random random = new Random(seed);
    float[] matrix = new float[rows * cols];
    float size = 1;
    for (int i = 0; i < matrix.length; i++) {
      if (i % 32 == 0) {
        size = random.nextInt(8) == 0 ? 0 : (float) Math.pow(10, random.nextDouble() * 8 - 6);
      }
      matrix[i] = random.nextInt(16) == 0 ? 0 : size * (float) random.nextGaussian();
    }
    return matrix;
  }

  /** All panels of a matrix. */
  public static byte[] pack(Packing packing, float[] matrix, int rows, int cols) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PanelPacker packer = PanelPacker.of(packing, cols);
    for (int row = 0; row < rows; row += Packing.PANEL_ROWS) {
      int count = Math.min(Packing.PANEL_ROWS, rows - row);
      float[] part = Arrays.copyOfRange(matrix, row * cols, (row + count) * cols);
      byte[] panel = new byte[(int) packing.panelBytes(cols)];
      packer.pack(part, count).get(panel);
      bytes.writeBytes(panel);
    }
    return bytes.toByteArray();
  }
}
