package dev.mor4j.runtime.packing;

import java.util.Arrays;

/** Rounds to bfloat16; what is bfloat16 already stays as it is. */
final class Bf16Packer extends PanelPacker {
  Bf16Packer(int cols) {
    super(Packing.BF16, cols);
  }

  @Override
  void packRows(float[] rows, int count) {
    Arrays.fill(panel.array(), (byte) 0);
    for (int row = 0; row < count; row++) {
      for (int col = 0; col < cols; col++) {
        panel.putShort(Packing.BF16.place(row, col), Bfloat16.round(rows[row * cols + col]));
      }
    }
  }
}
