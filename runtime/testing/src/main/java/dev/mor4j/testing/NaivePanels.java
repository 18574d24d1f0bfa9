package dev.mor4j.testing;

import dev.mor4j.runtime.packing.Packing;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What {@code mor4j.h} says of panels, read byte after byte in the order of the file, with no
 * thought of where anything lies. The oracle of the packing tests.
 */
public final class NaivePanels {
  /** Bytes or nibbles as they are, or 0 for bfloat16; [panels · 16][KP]. */
  public final int[][] stored;

  /** Of each block, or the number itself for bfloat16; [panels · 16][KP]. */
  public final float[][] scales;

  private final Packing packing;

  public NaivePanels(Packing packing, byte[] bytes, int rows, int cols) {
    this.packing = packing;
    int panels = (rows + 15) / 16;
    int kp = (cols + 63) / 64 * 64;
    stored = new int[panels * 16][kp];
    scales = new float[panels * 16][kp];
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int panel = 0; panel < panels; panel++) {
      if (packing == Packing.BF16) {
        readPairs(in, panel * 16, kp);
      } else {
        for (int chunk = 0; chunk < kp / 64; chunk++) {
          readChunk(in, panel * 16, chunk * 64);
        }
      }
    }
    if (in.hasRemaining()) {
      throw new IllegalArgumentException(in.remaining() + " bytes too many");
    }
  }

  private void readPairs(ByteBuffer in, int firstRow, int kp) {
    for (int pair = 0; pair < kp / 2; pair++) {
      for (int row = 0; row < 16; row++) {
        for (int i = 0; i < 2; i++) {
          scales[firstRow + row][2 * pair + i] = Float.intBitsToFloat(in.getShort() << 16);
        }
      }
    }
  }

  private void readChunk(ByteBuffer in, int firstRow, int firstCol) {
    for (int block = 0; block < 2; block++) {
      for (int row = 0; row < 16; row++) {
        float scale = Float.intBitsToFloat(in.getShort() << 16);
        for (int i = 0; i < 32; i++) {
          scales[firstRow + row][firstCol + 32 * block + i] = scale;
        }
      }
    }
    for (int block = 0; block < 2; block++) {
      for (int four = 0; four < (packing == Packing.INT4 ? 4 : 8); four++) {
        for (int row = 0; row < 16; row++) {
          for (int i = 0; i < 4; i++) {
            int bits = in.get() & 0xFF;
            int col = firstCol + 32 * block + 4 * four + i;
            if (packing == Packing.INT4) {
              stored[firstRow + row][col] = bits % 16;
              stored[firstRow + row][col + 16] = bits / 16;
            } else {
              stored[firstRow + row][col] = bits;
            }
          }
        }
      }
    }
  }

  /** The multiple of the scale that a number is. */
  public int multiple(int row, int col) {
    return stored[row][col] - (packing == Packing.INT4 ? 8 : 128);
  }

  /** The number. */
  public float value(int row, int col) {
    return packing == Packing.BF16 ? scales[row][col] : scales[row][col] * multiple(row, col);
  }
}
