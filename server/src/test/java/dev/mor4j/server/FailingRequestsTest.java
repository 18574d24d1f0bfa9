package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.testing.TestJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Memory off the heap is refused, at each of its allocations, to a request over HTTP. */
@Timeout(300)
class FailingRequestsTest {
  @TempDir Path dir;

  @Test
  void theClientHearsOfItAndTheNextRequestIsAnswered() throws Exception {
    String output =
        TestJvm.withFailingAllocations(
            dir, List.of("-Xmx256m"), FailingRequests.class, dir.resolve("models").toString());
    assertThat(output.lines().toList().getLast()).matches("([1-9][0-9]*) failures, \\1 refused");
  }
}
