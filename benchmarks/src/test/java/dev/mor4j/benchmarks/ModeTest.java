package dev.mor4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command line of the benchmarks takes, and what it refuses. */
class ModeTest {
  @TempDir Path dir;

  @Test
  void modesAreNamedByTheirOptions() {
    for (Mode mode : Mode.values()) {
      assertThat(Mode.of(List.of(mode.option(), "x"))).contains(mode);
      assertThat(Mode.help()).contains("  " + mode.option() + " ");
    }
    assertThat(Mode.of(List.of())).isEmpty();
    assertThat(Mode.of(List.of("Decode", "-p", "model=demo", "-jvmArgs", "--enable-preview")))
        .isEmpty();
    assertThat(Mode.of(List.of("--device", "--tiny", "--json", "x"))).contains(Mode.DEVICE);
  }

  @Test
  void whatIsNoModeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Mode.of(List.of("--batch")))
        .withMessageContaining("no mode --batch, expected one of --quick, --batching, --kv")
        .withMessageContaining("--help");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Mode.of(List.of("--kv", "--quick")))
        .withMessageContaining("--kv and --quick exclude each other");
  }

  @Test
  void theProcessSaysSoAndEndsWithTwo() throws Exception {
    Process help = start("--help");
    assertThat(help.waitFor()).isZero();
    assertThat(out()).isEqualTo(Mode.help());
    Process wrong = start("--bogus");
    assertThat(wrong.waitFor()).isEqualTo(2);
    assertThat(err()).startsWith("benchmarks: no mode --bogus").doesNotContain("\tat ");
    Process late = start("Decode", "--device");
    assertThat(late.waitFor()).isEqualTo(2);
    assertThat(err()).startsWith("benchmarks: --device comes first");
    Process missing = start("--kv", "-p", "model=" + dir.resolve("none"));
    assertThat(missing.waitFor()).isEqualTo(2);
    assertThat(err()).contains("none, expected a folder with config.json and model.safetensors");
    Process packed = start("--kv", "-p", "model=" + dir, "-p", "dtype=int8");
    assertThat(packed.waitFor()).isEqualTo(2);
    assertThat(err()).contains("dtype is int8").contains("expected stored");
  }

  private Process start(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Benchmarks.class.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(dir.resolve("out").toFile())
            .redirectError(dir.resolve("err").toFile())
            .start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("did not end: " + command);
    }
    return process;
  }

  private String out() throws IOException {
    return Files.readString(dir.resolve("out"), StandardCharsets.UTF_8);
  }

  private String err() throws IOException {
    return Files.readString(dir.resolve("err"), StandardCharsets.UTF_8);
  }
}
