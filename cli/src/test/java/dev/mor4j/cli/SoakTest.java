package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mor4j.testing.ProjectFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@code bench-serve --soak} for a moment, on the trained model. */
class SoakTest extends CommandLineTest {
  @Test
  void nothingIsLostAndNothingDiffers() throws IOException {
    Path model =
        converted(ProjectFiles.root().resolve("checkpoints/mor3-books"), dir.resolve("model"));
    Path json = dir.resolve("soak.json");
    Path html = dir.resolve("soak.html");
    Run run =
        run(
                "bench-serve",
                model,
                "--soak",
                "4s",
                "--kv-budget",
                "16MiB",
                "--max-queued",
                64,
                "--json",
                json,
                "--html",
                html)
            .succeeds();
    assertThat(run.out()).contains("resident memory", "open descriptors", "0 failed");
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertThat(report.get("passed").booleanValue()).isTrue();
    assertThat(report.get("ended").get("completed").longValue()).isPositive();
    assertThat(report.get("samples").size()).isPositive();
    assertThat(report.get("samples").get(0).get("off_heap_bytes").longValue()).isPositive();
    assertThat(Files.readString(html))
        .contains("<svg", "heap after collection")
        .endsWith("</html>\n");
  }

  @Test
  void optionsThatItDoesNotLookAtAreRefused() {
    run("bench-serve", dir, "--soak", "1s", "--prompt-mean", 3)
        .fails(2, "--prompt-mean has no meaning with --soak");
    run("bench-serve", dir, "--soak", "1s", "--duration", "3s")
        .fails(2, "--duration has no meaning with --soak");
    run("bench-serve", "--url", "http://localhost:1", "--soak", "1s").fails(2, "--url");
  }
}
