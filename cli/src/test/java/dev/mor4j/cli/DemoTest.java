package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DemoTest extends CommandLineTest {
  @AfterEach
  void forgetHome() {
    System.clearProperty("mor4j.home");
  }

  @Test
  void convertsOnceGeneratesAndVerifies() throws IOException {
    Path checkpoint = dir.resolve("checkpoints").resolve("mor3-books");
    Files.createDirectories(checkpoint);
    try (Stream<Path> files = Files.list(TRAINED)) {
      for (Path file : files.toList()) {
        Files.copy(file, checkpoint.resolve(file.getFileName()));
      }
    }
    System.setProperty("mor4j.home", dir.toString());
    Run first = run("demo", "-n", 12);
    assertThat(first.succeeds().out())
        .startsWith("The captain looked at the sea and")
        .contains("tokens/s", "vanilla", "after JVM start", "topk", "threshold", ": ok");
    assertThat(first.err())
        .contains("step 1 of 3: Converting", "step 2 of 3: Generating", "step 3 of 3: Comparing");
    Path weights = dir.resolve("models").resolve("mor3-books").resolve("model.safetensors");
    FileTime made = Files.getLastModifiedTime(weights);

    Run second = run("demo", "-n", 12);
    assertThat(second.succeeds().err())
        .contains("step 1 of 3: The model folder")
        .doesNotContain("Converting");
    assertThat(Files.getLastModifiedTime(weights)).isEqualTo(made);

    Path tokenizer = checkpoint.resolve("tokenizer.json");
    Files.writeString(tokenizer, Files.readString(tokenizer) + "\n");
    assertThat(run("demo", "-n", 12).succeeds().err()).contains("Converting");
  }

  @Test
  void needsTheProject() {
    run("demo").fails(2, "mor4j.home");
    System.setProperty("mor4j.home", dir.toString());
    run("demo").fails(3, "no such file or folder");
  }
}
