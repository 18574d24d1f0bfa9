package dev.mor4j.converter.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Blocks against another writing of ggml's quantiser, and against what they stand for. */
class Q8BlockTest {
  private static final int BLOCKS = 2000;

  @Test
  void equalsTheNaiveQuantiserAndStaysWithinHalfAStep() {
    SplittableRandom random = new SplittableRandom(11);
    for (int block = 0; block < BLOCKS; block++) {
      float[] values = new float[Q8Block.ELEMENTS];
      float size = (float) Math.pow(10, random.nextDouble(-6, 4));
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextDouble(-size, size);
      }
      ByteBuffer encoded = encode(values);

      assertThat(encoded).isEqualTo(ByteBuffer.wrap(naive(values)));
      float scale = Float.float16ToFloat(encoded.getShort(0));
      // Half a step, and what float16 takes of the scale: 2^-11 of it, 127 times, or 2^-25.
      double bound = scale * 0.5001 + 127 * Math.max(scale * 0x1p-11, 0x1p-25);
      for (int i = 0; i < values.length; i++) {
        assertThat((double) scale * encoded.get(2 + i))
            .isBetween(values[i] - bound, values[i] + bound);
      }
    }
  }

  @Test
  void zerosStayZeroAndHalvesGoAwayFromZero() {
    assertThat(encode(new float[Q8Block.ELEMENTS]))
        .isEqualTo(ByteBuffer.wrap(new byte[Q8Block.BYTES]));
    float[] values = new float[Q8Block.ELEMENTS];
    values[0] = 127;
    values[1] = 0.5f;
    values[2] = -0.5f;
    values[3] = Math.nextDown(0.5f);
    values[4] = -2.5f;
    ByteBuffer encoded = encode(values);
    assertThat(new byte[] {encoded.get(2), encoded.get(3), encoded.get(4)})
        .containsExactly(127, 1, -1);
    assertThat(new byte[] {encoded.get(5), encoded.get(6)}).containsExactly(0, -3);
  }

  private static ByteBuffer encode(float[] values) {
    ByteBuffer out = ByteBuffer.allocate(Q8Block.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    Q8Block.encode(values, 0, out);
    return out.flip();
  }

  /** As {@code quantize_row_q8_0_ref} reads, rounded in decimal. */
  private static byte[] naive(float[] x) {
    float amax = 0;
    for (float value : x) {
      amax = Math.abs(value) > amax ? Math.abs(value) : amax;
    }
    float d = amax / 127f;
    float id = d != 0 ? 1f / d : 0f;
    short half = Float.floatToFloat16(d);
    byte[] block = new byte[34];
    block[0] = (byte) half;
    block[1] = (byte) (half >> 8);
    for (int i = 0; i < 32; i++) {
      block[2 + i] = new BigDecimal(x[i] * id).setScale(0, RoundingMode.HALF_UP).byteValueExact();
    }
    return block;
  }
}
