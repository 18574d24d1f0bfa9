package dev.mor4j.runtime.packing;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Reads rows of a packed matrix back: the numbers that the kernels multiply with. Borrows the
 * matrix; immutable, any thread. Whatever the bytes are, reading them is safe; scales of a hostile
 * file may be anything, NaN included.
 */
public final class PanelReader {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt QUAD =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int BLOCK = Packing.BLOCK_COLS;

  private final Packing packing;
  private final MemorySegment matrix;
  private final int cols;
  private final long panelBytes;

  /**
   * @param matrix all panels
   * @param cols columns of the matrix
   */
  public PanelReader(Packing packing, MemorySegment matrix, int cols) {
    this.packing = packing;
    this.matrix = matrix;
    this.cols = cols;
    this.panelBytes = packing.panelBytes(cols);
  }

  /** Copies row {@code row} to {@code to} [cols], widened to float32. */
  public void readRow(long row, float[] to) {
    if (packing == Packing.BF16) {
      for (int col = 0; col < cols; col++) {
        to[col] = bfloat16(panel(row) + packing.place(inPanel(row), col));
      }
      return;
    }
    byte[] multiples = new byte[Packing.paddedCols(cols)];
    float[] scales = new float[multiples.length / BLOCK];
    readMultiples(row, multiples, scales);
    for (int col = 0; col < cols; col++) {
      to[col] = scales[col / BLOCK] * multiples[col];
    }
  }

  /**
   * Copies row {@code row} of a packing with scales, padding included.
   *
   * @param multiples [KP] receives what its numbers are multiples of the scale
   * @param scales [KP/32] receives a scale for each block
   */
  public void readMultiples(long row, byte[] multiples, float[] scales) {
    long panel = panel(row);
    int inPanel = inPanel(row);
    for (int block = 0; block < scales.length; block++) {
      int first = block * BLOCK;
      scales[block] = bfloat16(panel + packing.scalePlace(inPanel, first));
      if (packing == Packing.INT8) {
        for (int col = first; col < first + BLOCK; col += 4) {
          int quad = matrix.get(QUAD, panel + packing.place(inPanel, col));
          for (int i = 0; i < 4; i++) {
            multiples[col + i] = (byte) (((quad >>> (8 * i)) & 0xFF) - 128);
          }
        }
      } else {
        for (int col = first; col < first + BLOCK / 2; col += 4) {
          int quad = matrix.get(QUAD, panel + packing.place(inPanel, col));
          for (int i = 0; i < 4; i++) {
            multiples[col + i] = (byte) (((quad >>> (8 * i)) & 15) - 8);
            multiples[col + i + BLOCK / 2] = (byte) (((quad >>> (8 * i + 4)) & 15) - 8);
          }
        }
      }
    }
  }

  /** Where the panel with a row begins. */
  private long panel(long row) {
    return row / Packing.PANEL_ROWS * panelBytes;
  }

  private static int inPanel(long row) {
    return (int) (row % Packing.PANEL_ROWS);
  }

  private float bfloat16(long at) {
    return Bfloat16.widen(matrix.get(SHORT, at));
  }
}
