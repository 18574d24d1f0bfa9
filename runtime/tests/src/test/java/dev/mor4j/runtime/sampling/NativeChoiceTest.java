package dev.mor4j.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.bindings.cpu.CpuContext;
import dev.mor4j.bindings.cpu.CpuLibrary;
import dev.mor4j.bindings.cpu.Isa;
import dev.mor4j.bindings.cpu.SamplingTable;
import dev.mor4j.testing.ChoiceCases;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The kernels of every instruction set choose what the reference chooses. */
class NativeChoiceTest {
  private static final int ROWS = 5;

  @Test
  void everyInstructionSetChoosesAsTheReference() {
    List<Isa> runnable = new ArrayList<>();
    for (Isa isa : Isa.values()) {
      if (isa.compareTo(CpuLibrary.instance().bestIsa()) <= 0) {
        runnable.add(isa);
      }
    }
    assertThat(runnable).contains(Isa.PORTABLE);
    for (Isa isa : runnable) {
      try (CpuContext context = new CpuContext(isa, 2, 0);
          Arena arena = Arena.ofConfined()) {
        check(context, arena);
      }
    }
  }

  /** Each case in several rows, so that threads share the work. */
  private static void check(CpuContext context, Arena arena) {
    SamplingTable sampling = new SamplingTable(arena, ROWS);
    MemorySegment tokens = arena.allocate(ValueLayout.JAVA_INT, ROWS);
    ChoiceCases.forEach(
        2,
        (what, logits, position, reference) -> {
          Sampler sampler =
              new Sampler(
                  logits.length,
                  reference.temperature(),
                  reference.topK(),
                  reference.topP(),
                  reference.minP(),
                  1,
                  reference.seed(),
                  new SamplingBuffers());
          try (Arena rows = Arena.ofConfined()) {
            MemorySegment all = rows.allocate(ValueLayout.JAVA_FLOAT, (long) ROWS * logits.length);
            for (int i = 0; i < ROWS; i++) {
              MemorySegment.copy(
                  logits,
                  0,
                  all,
                  ValueLayout.JAVA_FLOAT,
                  (long) i * logits.length * Float.BYTES,
                  logits.length);
              sampling.set(
                  i,
                  sampler.draw(position + i),
                  sampler.temperature(),
                  sampler.topP(),
                  sampler.minLog(),
                  sampler.topK());
            }
            context.choose(all, logits.length, sampling, ROWS, tokens);
          }
          for (int i = 0; i < ROWS; i++) {
            assertThat(tokens.getAtIndex(ValueLayout.JAVA_INT, i))
                .as("%s: row %d of %s", context.isa(), i, what)
                .isEqualTo(reference.choose(logits, position + i));
          }
        });
  }
}
