package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Where native kernels cannot be loaded: a warning, once, or an error. In JVMs of their own. */
@Timeout(120)
class NativeFallbackTest {
  @TempDir Path dir;

  /** Opens a model twice, then with native kernels required; says on the output what came of it. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws IOException {
      Path folder = Path.of(args[0]);
      for (int i = 0; i < 2; i++) {
        try (MorModel model = MorModel.open(folder)) {
          System.out.println("opened: " + model.backendDescription());
        }
      }
      try (MorModel model = MorModel.open(folder, ModelOptions.defaults().requireNative())) {
        System.out.println("required: " + model.backendDescription());
      } catch (IllegalStateException e) {
        System.out.println("refused: " + e.getMessage());
      }
    }
  }

  @Test
  void aFolderThatCannotBeUsedIsNamedOnceAndWithARemedy() throws Exception {
    Path cache = Files.writeString(dir.resolve("cache"), "a file, not a folder");
    List<String> lines = run("-Dmor4j.native.cache=" + cache);
    assertThat(lines).filteredOn(line -> line.startsWith("opened: ")).hasSize(2);
    assertThat(lines)
        .filteredOn(line -> line.contains("plain Java computes in place of native kernels"))
        .singleElement()
        .asString()
        .contains("10 to 100 times slower", cache.toString(), "-Dmor4j.native.cache=FOLDER")
        .contains("-Dmor4j.native.library=FILE", "requireNative()");
    assertThat(lines)
        .filteredOn(line -> line.startsWith("refused: native kernels are required"))
        .singleElement()
        .asString()
        .contains(cache + " is not a folder");
  }

  @Test
  void whoAskedForPlainJavaIsNotWarned() throws Exception {
    List<String> lines = run("-Dmor4j.native.library=none");
    assertThat(lines).hasSize(3).noneMatch(line -> line.contains("WARNING"));
    assertThat(lines.getLast()).startsWith("refused: ").contains("switched off");
  }

  @Test
  void aTruncatedLibraryIsReplacedBeforeItIsLoaded() throws Exception {
    Path cache = dir.resolve("cache");
    String option = "-Dmor4j.native.cache=" + cache;
    assertThat(run(option).getLast()).startsWith("required: native");
    Path content;
    try (Stream<Path> folders = Files.list(cache)) {
      content = folders.findFirst().orElseThrow();
    }
    Path library = content.resolve(System.mapLibraryName("mor4j"));
    byte[] whole = Files.readAllBytes(library);
    Files.write(library, Arrays.copyOf(whole, whole.length / 2));
    assertThat(run(option).getLast()).startsWith("required: native");
    assertThat(library).hasBinaryContent(whole);
  }

  private List<String> run(String option) throws Exception {
    Path model = dir.resolve("model");
    if (!Files.exists(model)) {
      TestModels.tiny(model);
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add(option);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Child.class.getName(), model.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.lines().toList();
  }
}
