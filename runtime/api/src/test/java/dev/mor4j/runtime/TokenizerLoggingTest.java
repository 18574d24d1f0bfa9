package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.testing.TestModels;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What the logging API under the tokenizer's library writes, in applications on a class path. */
class TokenizerLoggingTest {
  @TempDir Path dir;

  /** An application that encodes a text with the tokenizer of a model, and then logs. */
  static final class Application {
    private Application() {}

    public static void main(String[] arguments) throws IOException {
      Tokenizer tokenizer =
          Tokenizer.finishReading(Tokenizer.startReading(Path.of(arguments[0])), 1 << 20);
      LoggerFactory.getLogger("application").warn("a warning of the application");
      System.out.println(
          tokenizer.encode("sea").length + " " + System.getProperty("slf4j.internal.verbosity"));
    }
  }

  @Test
  void isSilentWhereTheApplicationDoesNotLog() throws Exception {
    assertThat(errors(List.of(), "slf4j-nop")).isEmpty();
    assertThat(output()).endsWith(" null\n");
  }

  @Test
  void leavesTheApplicationsOwnSettingsAlone() throws Exception {
    assertThat(errors(List.of("-Dslf4j.internal.verbosity=WARN"), "slf4j-nop"))
        .contains("No SLF4J providers were found");
    assertThat(output()).endsWith(" WARN\n");
    assertThat(errors(List.of(), "nothing")).isEmpty();
  }

  private String output() throws IOException {
    return Files.readString(dir.resolve("out"));
  }

  /** What the application writes to its error output, without the archives named {@code left}. */
  private String errors(List<String> options, String left) throws Exception {
    String path =
        Stream.of("jdk.module.path", "java.class.path")
            .map(System::getProperty)
            .filter(paths -> paths != null && !paths.isEmpty())
            .flatMap(paths -> Arrays.stream(paths.split(File.pathSeparator)))
            .filter(entry -> !Path.of(entry).getFileName().toString().startsWith(left))
            .reduce((a, b) -> a + File.pathSeparator + b)
            .orElseThrow();
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dai.djl.offline=true",
                "-cp",
                classes() + File.pathSeparator + path));
    command.addAll(options);
    command.addAll(List.of(Application.class.getName(), TestModels.TOKENIZER.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(dir.resolve("out").toFile())
            .redirectError(dir.resolve("err").toFile())
            .start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String errors = Files.readString(dir.resolve("err"));
    assertThat(process.exitValue()).as(errors).isZero();
    return errors;
  }

  /** Where the tests' own classes are, which patch a module here. */
  private static Path classes() {
    return Path.of("target", "test-classes").toAbsolutePath();
  }
}
