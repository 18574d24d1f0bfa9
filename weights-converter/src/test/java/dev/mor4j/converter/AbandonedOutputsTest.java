package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An unfinished output belongs to a live process, or the next output beside it removes it. */
@Timeout(120)
class AbandonedOutputsTest {
  private static final String NAME = ".out.mor4j-partial-1-1-00000000-0000-0000-0000-000000000000";

  @TempDir Path dir;

  private final List<Process> children = new ArrayList<>();

  /** Begins an output, says so, and waits until it is killed; with "done", ends it at once. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws Exception {
      Path destination = Path.of(args[1]);
      try (OutputFolder folder =
              args[0].equals("file") ? null : OutputFolder.create(destination, false);
          OutputFile file = folder == null ? OutputFile.create(destination, false) : null) {
        Path weights = folder == null ? file.path() : folder.path().resolve(OutputFolder.WEIGHTS);
        Files.writeString(weights, "half");
        if (args[0].equals("done")) {
          folder.commit();
        }
        System.out.println("ready");
        if (!args[0].equals("done")) {
          new CountDownLatch(1).await();
        }
      }
    }
  }

  @AfterEach
  void endChildren() throws InterruptedException {
    for (Process child : children) {
      child.destroyForcibly().waitFor();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"folder", "file"})
  void removesWhatKilledProcessesLeftAndNothingOfLiveOnes(String kind) throws Exception {
    Process child = child(kind, dir.resolve("first"));
    List<String> unfinished = Checkpoints.list(dir);
    assertThat(unfinished).hasSize(2).allMatch(name -> name.startsWith(".first.mor4j-partial-"));

    OutputFolder.create(dir.resolve("second"), false).close();
    assertThat(Checkpoints.list(dir)).isEqualTo(unfinished);

    child.destroyForcibly().waitFor();
    assertThat(Checkpoints.list(dir)).isEqualTo(unfinished);
    OutputFile.create(dir.resolve("third"), false).close();
    assertThat(Checkpoints.list(dir)).isEmpty();
  }

  @Test
  void twoOutputsOfOneProcessKeepTheirLocks() throws Exception {
    try (OutputFolder first = OutputFolder.create(dir.resolve("first"), false);
        OutputFile second = OutputFile.create(dir.resolve("second"), false)) {
      // A process must not lose its locks by looking at its own outputs.
      OutputFile.create(dir.resolve("third"), false).close();
      Process child = child("done", dir.resolve("fourth"));
      assertThat(child.waitFor()).isZero();
      assertThat(first.path()).isDirectory();
      Files.writeString(second.path(), "whole");
      second.commit();
    }
    assertThat(Checkpoints.list(dir)).containsExactly("fourth", "second");
  }

  @Test
  void modelThatWasMovedAwayComesBack() throws IOException {
    Path old = Files.createDirectory(dir.resolve(NAME + ".old"));
    Files.writeString(old.resolve(OutputFolder.WEIGHTS), "old");
    Path partial = Files.createDirectory(dir.resolve(NAME));
    Files.writeString(partial.resolve(OutputFolder.WEIGHTS), "new");
    Files.createFile(dir.resolve(NAME + ".lock"));
    OutputFile.create(dir.resolve("other"), false).close();
    assertThat(Checkpoints.list(dir)).containsExactly("out");
    assertThat(dir.resolve("out").resolve(OutputFolder.WEIGHTS)).hasContent("old");
  }

  @Test
  void replacedModelThatWasNotRemovedYetGoes() throws IOException {
    Files.createDirectory(dir.resolve("out"));
    Files.createDirectory(dir.resolve(NAME + ".old"));
    Files.createFile(dir.resolve(NAME + ".lock"));
    OutputFile.create(dir.resolve("other"), false).close();
    assertThat(Checkpoints.list(dir)).containsExactly("out");
  }

  @Test
  void linksForeignFilesAndOutputsWithoutALockStay() throws IOException {
    Path elsewhere = Files.createDirectory(dir.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve(OutputFolder.WEIGHTS), "somebody's");
    Path folder = Files.createDirectory(dir.resolve("models"));
    // A link in place of the partial folder, one in place of the lock, a file that no conversion
    // writes, and a partial folder without a lock.
    Files.createSymbolicLink(folder.resolve(NAME), elsewhere);
    Files.createFile(folder.resolve(NAME + ".lock"));
    String second = NAME.replace("-1-1-", "-1-2-");
    Files.createDirectory(folder.resolve(second));
    Files.createSymbolicLink(
        folder.resolve(second + ".lock"), elsewhere.resolve(OutputFolder.WEIGHTS));
    String third = NAME.replace("-1-1-", "-1-3-");
    Files.createDirectory(folder.resolve(third));
    Files.writeString(folder.resolve(third).resolve("notes.txt"), "mine");
    Files.createFile(folder.resolve(third + ".lock"));
    Files.createDirectory(folder.resolve(NAME.replace("-1-1-", "-1-4-")));
    List<String> before = Checkpoints.list(folder);

    OutputFolder.create(folder.resolve("next"), false).close();
    assertThat(Checkpoints.list(folder)).isEqualTo(before);
    assertThat(elsewhere.resolve(OutputFolder.WEIGHTS)).hasContent("somebody's");
    assertThat(folder.resolve(third).resolve("notes.txt")).hasContent("mine");
  }

  private Process child(String kind, Path destination) throws IOException {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                StreamingTest.classPath(),
                Child.class.getName(),
                kind,
                destination.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    children.add(child);
    BufferedReader output = child.inputReader();
    assertThat(output.readLine()).isEqualTo("ready");
    return child;
  }
}
