package dev.mor4j.bindings.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mor4j.bindings.library.NativeLibraries;
import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.weights.MatrixView;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** The facades: liveness, refusal of bad arguments, and one call that goes through. */
class CpuContextTest {
  @Test
  void theLibraryOfThisBuildLoads() {
    assertThat(CpuLibrary.instance().isAvailable())
        .as(CpuLibrary.instance().description())
        .isTrue();
    assertThat(CpuLibrary.instance().description()).contains(NativeLibraries.platform());
  }

  @Test
  void embedsThroughTheLibrary() {
    try (CpuContext context = new CpuContext(Isa.PORTABLE, 1, 0);
        Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4, 5, 6);
      MemorySegment matrix =
          CpuContext.describe(arena, new MatrixView(table, 3, 2, WeightType.F32));
      MemorySegment x = arena.allocate(4 * Float.BYTES, 64);
      context.embed(
          matrix, arena.allocateFrom(ValueLayout.JAVA_INT, 2, 0), MemorySegment.NULL, 2, x);
      assertThat(x.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(5, 6, 1, 2);
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  context.embed(
                      matrix,
                      arena.allocateFrom(ValueLayout.JAVA_INT, 3),
                      MemorySegment.NULL,
                      1,
                      x))
          .withMessageContaining("mor4j_embed")
          .withMessageContaining("status 1");
    }
  }

  @Test
  void closedContextsAreRefused() {
    CpuContext context = new CpuContext(Isa.PORTABLE, 2, 10);
    context.close();
    context.close();
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                context.embed(
                    MemorySegment.NULL,
                    MemorySegment.NULL,
                    MemorySegment.NULL,
                    0,
                    MemorySegment.NULL))
        .withMessageContaining("closed");
  }

  @Test
  void badArgumentsAreRefusedBeforeTheCall() {
    assertThatIllegalArgumentException().isThrownBy(() -> new CpuContext(Isa.PORTABLE, 0, 0));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(24);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new MatrixView(data, 3, 3, WeightType.F32))
          .withMessageContaining("36 bytes");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> new MatrixView(MemorySegment.ofArray(new byte[24]), 3, 2, WeightType.F32));
    }
  }

  @Test
  void sizesOfPanelsAreThoseOfTheHeader() {
    assertThat(WeightType.F32.bytes(3, 5)).isEqualTo(60);
    assertThat(WeightType.BF16.bytes(3, 5)).isEqualTo(30);
    for (long rows : new long[] {1, 15, 16, 17, 40}) {
      for (long cols : new long[] {1, 63, 64, 65, 130}) {
        long kp = (cols + 63) / 64 * 64;
        long panels = (rows + 15) / 16;
        assertThat(WeightType.BF16_PANELS.bytes(rows, cols)).isEqualTo(panels * 32 * kp);
        assertThat(WeightType.INT8_PANELS.bytes(rows, cols)).isEqualTo(panels * 17 * kp);
        assertThat(WeightType.INT4_PANELS.bytes(rows, cols)).isEqualTo(panels * 9 * kp);
      }
    }
    for (WeightType type : WeightType.values()) {
      assertThatExceptionOfType(ArithmeticException.class)
          .isThrownBy(() -> type.bytes(1L << 40, 1L << 40));
      assertThatExceptionOfType(ArithmeticException.class)
          .isThrownBy(() -> type.bytes(Long.MAX_VALUE, Long.MAX_VALUE));
    }
    assertThatIllegalStateException().isThrownBy(() -> WeightType.F32.panelBytes(64));
  }

  @Test
  void panelsBeginAtMultiplesOf64() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(2 * 17 * 64 + 64, 64);
      MemorySegment whole = data.asSlice(0, 2 * 17 * 64);
      assertThat(new MatrixView(whole, 17, 64, WeightType.INT8_PANELS).rows()).isEqualTo(17);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new MatrixView(whole, 16, 64, WeightType.INT8_PANELS))
          .withMessageContaining("expected 1088 bytes");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> new MatrixView(data.asSlice(32, 2 * 17 * 64), 17, 64, WeightType.INT8_PANELS))
          .withMessageContaining("expected a multiple of 64");
    }
  }
}
