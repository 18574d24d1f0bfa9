package dev.mor4j.runtime.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A JVM lives on when weight files are cut, overwritten, replaced or deleted under load. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file cannot be cut there")
class ChangingFilesTest {
  private static final int ROUNDS = Integer.getInteger("test.fileRounds", 1000);
  private static final long MINUTES = 5;

  @TempDir Path dir;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = TestModels.pages(dir.resolve("model"));
  }

  @Test
  void nativeKernelsLiveOnAndSayWhatHappened() throws Exception {
    assertThat(run(List.of(), false, "auto", ROUNDS)).as(output()).isZero();
    assertThat(output()).contains("rounds " + ROUNDS).doesNotContain("faults while reading 0,");
  }

  /** The same with the JVM first in line: it passes on what it does not know. */
  @Test
  void theyDoSoBehindLibjsig() throws Exception {
    assertThat(run(List.of(), true, "auto", ROUNDS / 20)).as(output()).isZero();
    assertThat(output()).doesNotContain("faults while reading 0,");
  }

  @Test
  void plainJavaLivesOnWithoutAHandler() throws Exception {
    List<String> none = List.of("-Dmor4j.fileGuard=false", "-Dmor4j.native.library=none");
    assertThat(run(none, false, "java", ROUNDS / 20)).as(output()).isZero();
    assertThat(output()).doesNotContain("faults while reading 0,");
  }

  /** Switched off there is no handler: what this test shows of the others is that they need it. */
  @Test
  void withoutTheGuardTheProcessEnds() throws Exception {
    List<String> off = List.of("-Dmor4j.fileGuard=false");
    assertThat(run(off, false, "auto", ROUNDS)).as(output()).isNotZero();
    assertThat(output()).contains("SIGBUS", "libmor4j");
  }

  private int run(List<String> flags, boolean libjsig, String kernels, int rounds)
      throws Exception {
    Path home = Path.of(System.getProperty("java.home"));
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/java").toString());
    command.addAll(
        List.of(
            "-Xmx128m",
            "-Xss512k",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:ErrorFile=" + dir.resolve("error.log"),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
    command.addAll(flags);
    command.addAll(
        List.of(
            ChangingFiles.class.getName(),
            model.toString(),
            dir.resolve("work").toString(),
            kernels,
            Integer.toString(rounds)));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("output.txt").toFile());
    if (libjsig) {
      boolean mac = OS.current() == OS.MAC;
      Path library = home.resolve(mac ? "lib/libjsig.dylib" : "lib/libjsig.so");
      assumeTrue(Files.exists(library), "this JDK comes without " + library);
      builder.environment().put(mac ? "DYLD_INSERT_LIBRARIES" : "LD_PRELOAD", library.toString());
    }
    Process process = builder.start();
    try {
      assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).as("ends; %s", output()).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return process.exitValue();
  }

  private String output() throws IOException {
    Path file = dir.resolve("output.txt");
    return Files.exists(file)
        ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
        : "no output";
  }
}
