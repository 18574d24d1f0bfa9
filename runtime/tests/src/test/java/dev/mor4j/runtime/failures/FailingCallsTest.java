package dev.mor4j.runtime.failures;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.testing.FailingLibrary;
import dev.mor4j.testing.TestJvm;
import dev.mor4j.testing.TestModels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Memory, threads, locks and files that are refused, each once, in the life of a model. */
@Timeout(300)
class FailingCallsTest {
  @TempDir Path dir;

  /** Every allocation, thread, lock and signal handler that the C library refuses to libmor4j. */
  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "the linker's --wrap makes the library")
  void everyCallOfTheNativeLibrary() throws Exception {
    String output =
        TestJvm.run(
            List.of("-Xmx128m", "-Dmor4j.native.library=" + FailingLibrary.file()),
            FailingLife.class,
            arguments(Injection.LIBRARY, "AUTO", "MAPPED", "PORTABLE", "COPIED"));
    // A context with its list, mutex, condition and two threads; the handler, asked for and set.
    // Taken away with the last mapping, it stays where that fails, and the next one finds it.
    assertThat(output.lines())
        .containsExactly(
            "AUTO MAPPED: 10 failures, 8 refused, tolerated []",
            "PORTABLE COPIED: 6 failures, 6 refused, tolerated []");
  }

  /** Every arena, allocation in one, and file that is opened or mapped. */
  @Test
  void everyAllocationOffTheHeap() throws Exception {
    String output =
        TestJvm.withFailingAllocations(
            dir,
            List.of("-Xmx128m"),
            FailingLife.class,
            arguments(Injection.ALLOCATIONS, "AUTO", "MAPPED", "AUTO", "COPIED", "JAVA", "MAPPED"));
    assertThat(output.lines()).hasSize(3);
  }

  private String[] arguments(Injection injection, String... lives) throws Exception {
    List<String> all = new ArrayList<>(List.of(injection.name()));
    all.add(TestModels.tiny(dir.resolve("model")).toString());
    all.addAll(List.of(lives));
    return all.toArray(String[]::new);
  }
}
