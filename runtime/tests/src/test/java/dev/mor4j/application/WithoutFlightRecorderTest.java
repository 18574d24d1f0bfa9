package dev.mor4j.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.testing.TestModels;
import java.io.File;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Java without {@code jdk.jfr}, as images made by jlink are: models, sessions and engines work,
 * without events.
 */
@Timeout(120)
class WithoutFlightRecorderTest {
  private static final List<Path> CLASS_PATH =
      Stream.of(
              System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                  .split(File.pathSeparator, -1))
          .map(Path::of)
          .toList();

  @Test
  void asModules(@TempDir Path folder) throws Exception {
    List<Path> modules = CLASS_PATH.stream().filter(WithoutFlightRecorderTest::isOurs).toList();
    run(
        folder,
        List.of(
            "--limit-modules",
            "dev.mor4j.runtime",
            "--enable-native-access=dev.mor4j.bindings",
            "--module-path",
            path(modules),
            "--add-modules",
            "dev.mor4j.runtime",
            "--class-path",
            path(CLASS_PATH.stream().filter(entry -> !modules.contains(entry)).toList())));
  }

  @Test
  void onTheClassPath(@TempDir Path folder) throws Exception {
    run(
        folder,
        List.of(
            "--limit-modules",
            "java.base",
            "--enable-native-access=ALL-UNNAMED",
            "--class-path",
            path(CLASS_PATH)));
  }

  private static void run(Path folder, List<String> options) throws Exception {
    Path model = TestModels.tiny(folder.resolve("model"));
    Path output = folder.resolve("output");
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    List<String> command = new ArrayList<>(List.of(java.toString(), "-Xmx128m"));
    command.addAll(options);
    command.add(TwoTexts.class.getName());
    command.add(model.toString());
    int exit =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start()
            .waitFor();
    List<String> lines = Files.readAllLines(output);
    assertThat(exit).as("%s", lines).isZero();
    assertThat(lines).contains("jdk.jfr: false");
    String text = lines.getLast();
    assertThat(text.split(",", -1)).hasSize(5);
    assertThat(lines.stream().filter(text::equals)).hasSize(2);
  }

  private static String path(List<Path> entries) {
    return String.join(File.pathSeparator, entries.stream().map(Path::toString).toList());
  }

  private static boolean isOurs(Path entry) {
    try {
      return ModuleFinder.of(entry).findAll().stream()
          .map(found -> found.descriptor().name())
          .anyMatch(
              name ->
                  (name.startsWith("dev.mor4j.") && !name.equals("dev.mor4j.testing"))
                      || name.startsWith("com.fasterxml.jackson."));
    } catch (FindException e) {
      // A folder of classes without a module.
      return false;
    }
  }
}
