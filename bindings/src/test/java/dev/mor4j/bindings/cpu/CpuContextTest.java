package dev.mor4j.bindings.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

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
    assertThat(CpuLibrary.instance().description()).contains(CpuLibrary.platform());
  }

  @Test
  void embedsThroughTheLibrary() {
    try (CpuContext context = new CpuContext(Isa.PORTABLE, 1, 0);
        Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4, 5, 6);
      MemorySegment matrix =
          CpuContext.describe(arena, new MatrixView(table, 3, 2, WeightType.F32));
      MemorySegment x = arena.allocate(4 * Float.BYTES, 64);
      context.embed(matrix, arena.allocateFrom(ValueLayout.JAVA_INT, 2, 0), 2, x);
      assertThat(x.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(5, 6, 1, 2);
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> context.embed(matrix, arena.allocateFrom(ValueLayout.JAVA_INT, 3), 1, x))
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
            () -> context.embed(MemorySegment.NULL, MemorySegment.NULL, 0, MemorySegment.NULL))
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
}
