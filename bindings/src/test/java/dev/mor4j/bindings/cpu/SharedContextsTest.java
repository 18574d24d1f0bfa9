package dev.mor4j.bindings.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.weights.MatrixView;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Contexts of the same kind are one, as long as somebody has it. */
class SharedContextsTest {
  /** A spin time that no other test asks for. */
  private static final int SPIN = 37;

  private static final SharedContexts.Key KEY = new SharedContexts.Key(Isa.PORTABLE, 3, SPIN);

  @Test
  void equalContextsAreSharedAndCounted() {
    CpuContext first = new CpuContext(Isa.PORTABLE, 3, SPIN);
    CpuContext second = new CpuContext(Isa.PORTABLE, 3, SPIN);
    CpuContext other = new CpuContext(Isa.PORTABLE, 2, SPIN);
    assertThat(SharedContexts.borrowers(KEY)).isEqualTo(2);
    first.close();
    first.close();
    assertThat(SharedContexts.borrowers(KEY)).isEqualTo(1);
    embed(second);
    assertThatIllegalStateException().isThrownBy(() -> embed(first)).withMessageContaining("clos");
    second.close();
    assertThat(SharedContexts.borrowers(KEY)).isZero();
    embed(other);
    other.close();
    try (CpuContext again = new CpuContext(Isa.PORTABLE, 3, SPIN)) {
      embed(again);
      assertThat(SharedContexts.borrowers(KEY)).isEqualTo(1);
    }
    assertThat(SharedContexts.borrowers(KEY)).isZero();
  }

  @Test
  void aRefusedContextLeavesNothing() {
    SharedContexts.Key refused = new SharedContexts.Key(Isa.PORTABLE, 0, SPIN);
    assertThatIllegalArgumentException().isThrownBy(() -> SharedContexts.borrow(refused));
    assertThat(SharedContexts.borrowers(refused)).isZero();
  }

  @Test
  void closingWaitsForRunningCallsAndFreesOnce() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int round = 0; round < 200; round++) {
        CpuContext context = new CpuContext(Isa.PORTABLE, 3, SPIN);
        List<Future<?>> running = new ArrayList<>();
        for (int t = 0; t < 2; t++) {
          running.add(threads.submit(() -> embedUntilClosed(context)));
        }
        for (int t = 0; t < 2; t++) {
          running.add(threads.submit(context::close));
        }
        for (Future<?> future : running) {
          future.get();
        }
        assertThat(SharedContexts.borrowers(KEY)).isZero();
      }
    }
  }

  private static void embedUntilClosed(CpuContext context) {
    while (true) {
      try {
        embed(context);
      } catch (IllegalStateException e) {
        assertThat(e).hasMessageContaining("closed");
        return;
      }
    }
  }

  private static void embed(CpuContext context) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4, 5, 6);
      MemorySegment matrix =
          CpuContext.describe(arena, new MatrixView(table, 3, 2, WeightType.F32));
      MemorySegment x = arena.allocate(4 * Float.BYTES, 64);
      context.embed(
          matrix, arena.allocateFrom(ValueLayout.JAVA_INT, 2, 0), MemorySegment.NULL, 2, x);
      assertThat(x.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(5, 6, 1, 2);
    }
  }
}
