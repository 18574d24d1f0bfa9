package dev.mor4j.runtime.packing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.testing.NaivePanels;
import dev.mor4j.testing.PackedMatrices;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Packing of every shape, read by an oracle that knows the layout from the C header alone. */
class PanelPackerTest {
  private static final int TRIES = 150;

  @Property(tries = TRIES, seed = "20")
  void bfloat16IsTheNearestAndExactWhereItCanBe(
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 130) int cols,
      @ForAll int seed) {
    float[] matrix = PackedMatrices.random(rows, cols, seed);
    for (int i = 0; i < matrix.length; i += 2) {
      matrix[i] = Float.intBitsToFloat(Float.floatToRawIntBits(matrix[i]) & 0xFFFF0000);
    }
    NaivePanels packed = packed(Packing.BF16, matrix, rows, cols);
    for (int i = 0; i < matrix.length; i++) {
      float found = packed.value(i / cols, i % cols);
      if (i % 2 == 0) {
        assertThat(found).isEqualTo(matrix[i]);
      } else {
        // Half of the last of 8 bits.
        assertThat(Math.abs(found - matrix[i])).isLessThanOrEqualTo(Math.abs(matrix[i]) / 256);
      }
    }
    checkPadding(packed, rows, cols, 0);
  }

  @Property(tries = TRIES, seed = "21")
  void int8IsWithinHalfAStep(
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 130) int cols,
      @ForAll int seed) {
    float[] matrix = PackedMatrices.random(rows, cols, seed);
    NaivePanels packed = packed(Packing.INT8, matrix, rows, cols);
    for (int i = 0; i < matrix.length; i++) {
      int row = i / cols;
      int col = i % cols;
      float scale = packed.scales[row][col];
      assertThat(packed.stored[row][col]).isBetween(1, 255);
      assertThat(scale).isGreaterThanOrEqualTo(0);
      assertThat((double) packed.value(row, col)).isCloseTo(matrix[i], within(0.50002 * scale));
    }
    checkPadding(packed, rows, cols, 128);
  }

  @Property(tries = TRIES, seed = "22")
  void int4IsNoWorseThanTheScalesThatComeToMind(
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 130) int cols,
      @ForAll int seed) {
    float[] matrix = PackedMatrices.random(rows, cols, seed);
    NaivePanels packed = packed(Packing.INT4, matrix, rows, cols);
    for (int row = 0; row < rows; row++) {
      for (int first = 0; first < cols; first += 32) {
        float[] block =
            Arrays.copyOfRange(matrix, row * cols + first, row * cols + Math.min(cols, first + 32));
        double error = 0;
        for (int i = 0; i < block.length; i++) {
          error += square(packed.value(row, first + i) - (double) block[i]);
        }
        assertThat(packed.scales[row][first]).isGreaterThanOrEqualTo(0);
        for (int steps : new int[] {7, 8}) {
          assertThat(error).isLessThanOrEqualTo(int4Error(block, steps) * 1.0001);
        }
      }
    }
    checkPadding(packed, rows, cols, 8);
  }

  /** The squared error of a block whose largest magnitude is so many steps. */
  private static double int4Error(float[] block, int steps) {
    float magnitude = 0;
    for (float x : block) {
      magnitude = Math.max(magnitude, Math.abs(x));
    }
    double scale = Bfloat16.widen(Bfloat16.round(magnitude / steps));
    double error = 0;
    for (float x : block) {
      double whole = scale == 0 ? 0 : Math.clamp(Math.rint(x / scale), -8, 7);
      error += square(whole * scale - x);
    }
    return error;
  }

  @Property(tries = TRIES, seed = "23")
  void rowsAreReadBackAsTheyLie(
      @ForAll Packing packing,
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 130) int cols,
      @ForAll int seed) {
    byte[] bytes =
        PackedMatrices.pack(packing, PackedMatrices.random(rows, cols, seed), rows, cols);
    NaivePanels naive = new NaivePanels(packing, bytes, rows, cols);
    PanelReader reader = new PanelReader(packing, MemorySegment.ofArray(bytes), cols);
    float[] found = new float[cols];
    for (int row = 0; row < rows; row++) {
      reader.readRow(row, found);
      for (int col = 0; col < cols; col++) {
        assertThat(found[col]).isEqualTo(naive.value(row, col));
      }
    }
  }

  /** A scale is rounded to bfloat16, but never so far that the largest number is cut off. */
  @Example
  void int8KeepsTheLargestOfABlock() {
    float[] block = new float[32];
    for (int step = 0; step < 1000; step++) {
      float largest = 1 + step / 1000f;
      block[step % 32] = -largest;
      NaivePanels packed = packed(Packing.INT8, block, 1, 32);
      assertThat(Math.abs(packed.value(0, step % 32) + largest))
          .isLessThanOrEqualTo(0.50002f * packed.scales[0][0]);
      block[step % 32] = 0;
    }
  }

  /** A number that is a multiple of a bfloat16 scale stays as it is. */
  @Example
  void whatIsQuantisedAlreadyStays() {
    float[] bytes = new float[64];
    float[] nibbles = new float[64];
    for (int i = 0; i < 64; i++) {
      bytes[i] = 0x1p-6f * (i % 32 == 0 ? 127 : i - 40);
      nibbles[i] = 0.375f * (i % 16 - 8);
    }
    NaivePanels int8 = packed(Packing.INT8, bytes, 1, 64);
    NaivePanels int4 = packed(Packing.INT4, nibbles, 1, 64);
    for (int i = 0; i < 64; i++) {
      assertThat(int8.value(0, i)).isEqualTo(bytes[i]);
      assertThat(int4.value(0, i)).isEqualTo(nibbles[i]);
    }
  }

  @Example
  void sizesAreThoseOfTheHeader() {
    assertThat(Packing.BF16.shape(17, 65)).isEqualTo(List.of(2L, 32L * 128));
    assertThat(Packing.INT8.shape(16, 64)).isEqualTo(List.of(1L, 17L * 64));
    assertThat(Packing.INT4.shape(1, 1)).isEqualTo(List.of(1L, 9L * 64));
    assertThat(Packing.find("int8")).contains(Packing.INT8);
    assertThat(Packing.find("INT8")).isEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> PanelPacker.of(Packing.INT8, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PanelPacker.of(Packing.INT8, 4).pack(new float[68], 17));
  }

  @Example
  void numbersThatCannotBePacked() {
    for (float x : new float[] {0, -1, Float.MIN_VALUE, 0x1p126f, -0x1p126f}) {
      assertThat(PanelPacker.isPackable(x)).isTrue();
    }
    for (float x :
        new float[] {
          Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0x1p127f, -0x1p127f
        }) {
      assertThat(PanelPacker.isPackable(x)).isFalse();
    }
    for (Packing packing : Packing.values()) {
      NaivePanels huge = packed(packing, new float[] {0x1p126f, -0x1p126f, 1e-40f}, 1, 3);
      assertThat(huge.value(0, 0)).isCloseTo(0x1p126f, within(0x1p126f / 8));
      assertThat(huge.value(0, 1)).isCloseTo(-0x1p126f, within(0x1p126f / 8));
      NaivePanels tiny = packed(packing, new float[] {1e-40f, -Float.MIN_VALUE}, 1, 2);
      assertThat(tiny.value(0, 0)).isCloseTo(1e-40f, within(1e-40f));
    }
  }

  @Property(tries = 2000, seed = "24")
  void bfloat16RoundsToNearestEven(@ForAll float x) {
    if (!PanelPacker.isPackable(x)) {
      return;
    }
    int upper = Float.floatToRawIntBits(x) & 0xFFFF0000;
    double below = Float.intBitsToFloat(upper);
    double above = Float.intBitsToFloat(upper + 0x10000);
    double toBelow = Math.abs(x - below);
    double toAbove = Math.abs(x - above);
    boolean even = (upper >>> 16) % 2 == 0;
    double nearest = toBelow < toAbove || (toBelow == toAbove && even) ? below : above;
    assertThat((double) Bfloat16.widen(Bfloat16.round(x))).isEqualTo(nearest);
  }

  private static double square(double x) {
    return x * x;
  }

  private static NaivePanels packed(Packing packing, float[] matrix, int rows, int cols) {
    return new NaivePanels(packing, PackedMatrices.pack(packing, matrix, rows, cols), rows, cols);
  }

  /** What the matrix lacks is zero; blocks that it lacks whole have the scale 0. */
  private static void checkPadding(NaivePanels packed, int rows, int cols, int zero) {
    for (int row = 0; row < packed.stored.length; row++) {
      for (int col = 0; col < packed.stored[row].length; col++) {
        if (row >= rows || col >= cols) {
          assertThat(packed.stored[row][col]).isEqualTo(zero);
          assertThat(packed.value(row, col)).isZero();
        }
        if (row >= rows || col / 32 * 32 >= cols) {
          assertThat(packed.scales[row][col]).isZero();
        }
      }
    }
  }
}
