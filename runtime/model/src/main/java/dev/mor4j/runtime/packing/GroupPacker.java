package dev.mor4j.runtime.packing;

import java.util.Arrays;

/** Packs groups of 32 columns of a row as multiples of a scale. */
final class GroupPacker extends PanelPacker {
  private static final int GROUP = Packing.GROUP_COLS;

  /** What stands for 0: a byte of 128, or two nibbles of 8. */
  private static final byte INT8_ZERO = (byte) 128;

  private static final byte INT4_ZEROS = (byte) 0x88;

  private final Packing packing;
  private final GroupQuantizer quantizer;

  GroupPacker(Packing packing, int cols, GroupQuantizer quantizer) {
    super(packing, cols);
    this.packing = packing;
    this.quantizer = quantizer;
  }

  @Override
  void packRows(float[] rows, int count) {
    int paddedCols = Packing.paddedCols(cols);
    for (int col = 0; col < paddedCols; col += GROUP) {
      for (int row = 0; row < Packing.PANEL_ROWS; row++) {
        int from = row < count ? Math.clamp(cols - col, 0, GROUP) : 0;
        System.arraycopy(rows, from == 0 ? 0 : row * cols + col, quantizer.group, 0, from);
        Arrays.fill(quantizer.group, from, GROUP, 0f);
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
    for (int i = 0; i < GROUP; i++) {
      panel.put(packing.place(row, col + i), (byte) (quantizer.multiples[i] + INT8_ZERO));
    }
  }

  private void putNibbles(int row, int col) {
    for (int i = 0; i < GROUP / 2; i++) {
      int high = quantizer.multiples[i + GROUP / 2];
      // Neither nibble carries: each sum is 0 to 15.
      panel.put(
          packing.place(row, col + i),
          (byte) (quantizer.multiples[i] + high * 16 + (INT4_ZEROS & 0xFF)));
    }
  }
}
