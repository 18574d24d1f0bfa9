package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.testing.TestJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Memory off the heap, or a file, is refused to a conversion, at each place that asks. */
@Timeout(300)
class FailingConversionTest {
  @TempDir Path dir;

  @Test
  void leavesNothingAndTheNextTryIsWhole() throws Exception {
    String output =
        TestJvm.withFailingAllocations(
            dir,
            List.of("-Xmx256m"),
            FailingConversion.class,
            Checkpoints.golden("vanilla").toString(),
            dir.resolve("models").toString());
    assertThat(output.lines().toList().getLast()).matches("[1-9][0-9]* failures");
  }
}
