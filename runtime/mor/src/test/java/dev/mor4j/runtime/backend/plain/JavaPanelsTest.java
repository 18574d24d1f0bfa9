package dev.mor4j.runtime.backend.plain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.packing.PanelReader;
import dev.mor4j.runtime.weights.MatrixRows;
import dev.mor4j.runtime.weights.MatrixView;
import dev.mor4j.testing.PackedMatrices;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The products with packed weights against what the C header says of them, number by number. */
class JavaPanelsTest {
  private static final int OFFSET = 3;

  @Property(tries = 100, seed = "30")
  void productsAreThoseOfTheHeader(
      @ForAll Packing packing,
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 130) int cols,
      @ForAll int seed) {
    try (Arena arena = Arena.ofConfined()) {
      MatrixView w = matrix(arena, packing, rows, cols, seed);
      float[] x = PackedMatrices.random(1, cols + OFFSET, seed + 1L);
      float[] y = new float[rows + 1];
      JavaKernels.multiply(w, x, OFFSET, y, 1);
      float[] row = new float[cols];
      PanelReader reader = new PanelReader(packing, w.data(), cols);
      for (int r = 0; r < rows; r++) {
        reader.readRow(r, row);
        double sum = 0;
        double size = 0;
        for (int c = 0; c < cols; c++) {
          double factor = packing == Packing.BF16 ? x[OFFSET + c] : rounded(x, cols, c);
          sum += row[c] * factor;
          size += Math.abs(row[c] * factor);
        }
        // Both sides round each number to float32 once or twice.
        assertThat((double) y[1 + r]).isCloseTo(sum, within(size * 3e-7 + 1e-37));
        MatrixRows.read(w, r, row);
        assertThat(row[cols - 1]).isEqualTo(readOne(reader, r, cols));
      }
      assertThat(y[0]).isZero();
    }
  }

  /** Number c of x as int8 in its block of 32. */
  private static double rounded(float[] x, int cols, int c) {
    float magnitude = 0;
    for (int i = c / 32 * 32; i < Math.min(cols, c / 32 * 32 + 32); i++) {
      magnitude = Math.max(magnitude, Math.abs(x[OFFSET + i]));
    }
    if (magnitude < 1e-30f) {
      return 0;
    }
    return Math.rint(x[OFFSET + c] * (127 / magnitude)) * (magnitude / 127);
  }

  @Example
  void notFiniteIsNan() {
    for (Packing packing : new Packing[] {Packing.INT8, Packing.INT4}) {
      try (Arena arena = Arena.ofConfined()) {
        MatrixView w = matrix(arena, packing, 20, 70, 5);
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -1 / 0f}) {
          for (int at : new int[] {0, 31, 32, 69}) {
            float[] x = new float[70];
            x[at] = bad;
            float[] y = new float[20];
            JavaKernels.multiply(w, x, 0, y, 0);
            for (float value : y) {
              assertThat(value).isNaN();
            }
          }
        }
      }
    }
  }

  @Example
  void tinyBlocksAreZeroAndHalvesGoToTheEven() {
    byte[] q = new byte[64];
    float[] scales = new float[2];
    float[] x = new float[40];
    x[0] = 127;
    x[1] = 2.5f;
    x[2] = 3.5f;
    x[3] = -0.5f;
    x[33] = 9e-31f;
    JavaPanels.encode(x, 0, 40, q, scales);
    assertThat(scales).containsExactly(1, 0);
    assertThat(q).startsWith(127, 2, 4, 0).endsWith(new byte[31]);
  }

  /** Every byte there is, scales that no packer writes among them: no exception. */
  @Example
  void anyBytesAreSafe() {
    for (Packing packing : Packing.values()) {
      try (Arena arena = Arena.ofConfined()) {
        long size = type(packing).bytes(17, 65);
        MemorySegment data = arena.allocate(size, 64);
        for (long i = 0; i < size; i++) {
          data.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 37));
        }
        for (int value : new int[] {0, 0x7F, 0x80, 0xFF, -1}) {
          if (value >= 0) {
            data.fill((byte) value);
          }
          MatrixView w = new MatrixView(data, 17, 65, type(packing));
          float[] x = new float[65];
          x[64] = -1;
          JavaKernels.multiply(w, x, 0, new float[17], 0);
          MatrixRows.read(w, 16, x);
        }
      }
    }
  }

  private static float readOne(PanelReader reader, int row, int cols) {
    float[] values = new float[cols];
    reader.readRow(row, values);
    return values[cols - 1];
  }

  private static MatrixView matrix(Arena arena, Packing packing, int rows, int cols, long seed) {
    byte[] bytes =
        PackedMatrices.pack(packing, PackedMatrices.random(rows, cols, seed), rows, cols);
    MemorySegment data = arena.allocate(bytes.length, 64);
    MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return new MatrixView(data, rows, cols, type(packing));
  }

  private static WeightType type(Packing packing) {
    return switch (packing) {
      case BF16 -> WeightType.BF16_PANELS;
      case INT8 -> WeightType.INT8_PANELS;
      case INT4 -> WeightType.INT4_PANELS;
    };
  }
}
