package dev.mor4j.runtime.packing;

import java.util.Arrays;

/** Packs blocks of 32 columns of a row as multiples of a scale. */
final class BlockPacker extends PanelPacker {
  private static final int BLOCK = Packing.BLOCK_COLS;

  /** What stands for 0: a byte of 128, or two nibbles of 8. */
  private static final byte INT8_ZERO = (byte) 128;

  private static final byte INT4_ZEROS = (byte) 0x88;

  private final Packing packing;
  private final BlockQuantizer quantizer;

  BlockPacker(Packing packing, int cols, BlockQuantizer quantizer) {
    super(packing, cols);
    this.packing = packing;
    this.quantizer = quantizer;
  }

  @Override
  void packRows(float[] rows, int count) {
    int paddedCols = Packing.paddedCols(cols);
    for (int col = 0; col < paddedCols; col += BLOCK) {
      for (int row = 0; row < Packing.PANEL_ROWS; row++) {
        int from = row < count ? Math.clamp(cols - col, 0, BLOCK) : 0;
        System.arraycopy(rows, from == 0 ? 0 : row * cols + col, quantizer.block, 0, from);
        Arrays.fill(quantizer.block, from, BLOCK, 0f);
        panel.putShort(packing.scalePlace(row, col), quantizer.quantize());
        if (packing == Packing.INT4) {
          putNibbles(row, col);
        } else {
          putBytes(row, col);
        }
      }
    }
  }

  private void putBytes(int row, int col) {
    for (int i = 0; i < BLOCK; i++) {
      panel.put(packing.place(row, col + i), (byte) (quantizer.multiples[i] + INT8_ZERO));
    }
  }

  private void putNibbles(int row, int col) {
    for (int i = 0; i < BLOCK / 2; i++) {
      int high = quantizer.multiples[i + BLOCK / 2];
      // Neither nibble carries: each sum is 0 to 15.
      panel.put(
          packing.place(row, col + i),
          (byte) (quantizer.multiples[i] + high * 16 + (INT4_ZEROS & 0xFF)));
    }
  }
}
