package dev.mor4j.runtime.packing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Packs matrices of one width, panel by panel: 16 rows of float32 in, the bytes of a panel out. The
 * memory it needs is that of one panel. Equal rows give equal bytes on every machine. Owns its
 * buffers; one thread.
 */
public abstract sealed class PanelPacker permits Bf16Packer, BlockPacker {
  final int cols;
  final ByteBuffer panel;

  PanelPacker(Packing packing, int cols) {
    this.cols = cols;
    this.panel =
        ByteBuffer.allocate(Math.toIntExact(packing.panelBytes(cols)))
            .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A packer of matrices with {@code cols} columns. */
  public static PanelPacker of(Packing packing, int cols) {
    if (cols < 1) {
      throw new IllegalArgumentException("cols is " + cols + ", expected 1 or more");
    }
    return switch (packing) {
      case BF16 -> new Bf16Packer(cols);
      case INT8 -> new BlockPacker(packing, cols, new Int8Quantizer());
      case INT4 -> new BlockPacker(packing, cols, new Int4Quantizer());
    };
  }

  /** Columns of the matrices. */
  public final int cols() {
    return cols;
  }

  /**
   * The panel of {@code count} rows, those that it lacks zero.
   *
   * @param rows [count, cols], finite, of magnitudes that {@link #isPackable} accepts
   * @param count 1 to 16
   * @return valid until the next call
   */
  public final ByteBuffer pack(float[] rows, int count) {
    if (count < 1 || count > Packing.PANEL_ROWS) {
      throw new IllegalArgumentException("count is " + count + ", expected 1 to 16");
    }
    packRows(rows, count);
    return panel.clear();
  }

  /**
   * Whether {@code x} can be packed: it is finite, and no rounding on the way would make it
   * infinite.
   */
  public static boolean isPackable(float x) {
    return Math.abs(x) <= 0x1p126f;
  }

  /** Fills {@link #panel} whole. */
  abstract void packRows(float[] rows, int count);
}
