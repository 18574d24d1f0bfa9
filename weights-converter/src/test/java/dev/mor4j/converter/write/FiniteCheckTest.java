package dev.mor4j.converter.write;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.format.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every number of 16 bits, and those of 32 and 64 at the edges, in pieces of any size. */
class FiniteCheckTest {
  private static final int ALL = 1 << Short.SIZE;

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void countsAllNumbersOf16Bits(DType type) throws IOException {
    ByteBuffer numbers = ByteBuffer.allocate(2 * ALL).order(ByteOrder.LITTLE_ENDIAN);
    long expected = 0;
    long first = -1;
    for (int bits = 0; bits < ALL; bits++) {
      numbers.putShort((short) bits);
      float number =
          type == DType.F16
              ? Float.float16ToFloat((short) bits)
              : Float.intBitsToFloat(bits << Short.SIZE);
      if (!Float.isFinite(number)) {
        first = expected++ == 0 ? bits : first;
      }
    }
    assertThat(expected).isPositive();
    check(numbers.flip(), type, expected, first);
  }

  @Test
  void countsWiderNumbersAtTheEdges() throws IOException {
    float[] floats = {
      0,
      -0f,
      Float.MIN_VALUE,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      Float.NaN,
      Float.intBitsToFloat(0xff800001),
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      1
    };
    ByteBuffer narrow = ByteBuffer.allocateDirect(40).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer wide = ByteBuffer.allocateDirect(80).order(ByteOrder.LITTLE_ENDIAN);
    for (float number : floats) {
      narrow.putFloat(number);
      wide.putDouble(Math.abs(number) == Float.MAX_VALUE ? Double.MAX_VALUE : number);
    }
    check(narrow.flip(), DType.F32, 4, 5);
    check(wide.flip(), DType.F64, 4, 5);
    check(narrow, DType.U8, 0, -1);
  }

  private static void check(ByteBuffer numbers, DType type, long count, long first)
      throws IOException {
    for (int piece : new int[] {1, 7, ALL}) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      FiniteCheck check = new FiniteCheck(Channels.newChannel(out), type, false);
      for (int at = 0; at < numbers.limit(); ) {
        int length = Math.min(piece * type.byteSize(), numbers.limit() - at);
        assertThat(check.write(numbers.slice(at, length))).isEqualTo(length);
        at += length;
      }
      assertThat(check.count()).isEqualTo(count);
      assertThat(check.first()).isEqualTo(first);
      assertThat(ByteBuffer.wrap(out.toByteArray())).isEqualTo(numbers.duplicate().rewind());
    }
  }
}
