package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening, closing, and what is held in between. */
class MorModelTest {
  private static final GenerationOptions SHORT = GenerationOptions.greedy().withMaxNewTokens(6);

  @TempDir Path folder;

  @Test
  void tenThousandSessionsLeaveNothingBehind() throws IOException {
    long before = OffHeapMemory.totalBytes();
    try (MorModel model = MorModel.open(TestModels.expert(folder.resolve("m")))) {
      List<Long> resident = new ArrayList<>();
      for (int i = 0; i < 10_000; i++) {
        try (MorSession session = model.newSession()) {
          session.generate(new int[] {0, 1 + i % 100, 7}, SHORT, token -> {});
        }
        assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.KV_PAGES_LENT)).isZero();
        if (i % 1000 == 999) {
          resident.add(residentBytes());
        }
      }
      // The first thousands warm the JVM up; a leak of one page a session would add 20 MB a
      // thousand.
      if (resident.getFirst() > 0) {
        assertThat(resident.getLast() - resident.get(4)).isLessThan(96L << 20);
      }
    }
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
  }

  private static long residentBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return 0;
  }

  @Test
  void closingUnderOpenSessionsIsRefusedAndTheModelStaysUsable() throws IOException {
    MorModel model = MorModel.open(TestModels.vanilla(folder.resolve("m")));
    MorSession session = model.newSession();
    assertThatIllegalStateException()
        .isThrownBy(model::close)
        .withMessageContaining("1 open sessions");
    assertThat(session.generate("A", SHORT).tokens()).hasSize(6);
    session.close();
    model.close();
    model.close();
    assertThatIllegalStateException()
        .isThrownBy(model::newSession)
        .withMessageContaining("is closed");
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                model.score(
                    new int[] {1},
                    RoutingMode.TOP_K,
                    SessionOptions.defaults(),
                    (first, count, logits) -> {}));
  }

  @Test
  void closingWhileThreadsGenerateNeverCrashes() throws Exception {
    Path source = TestModels.expert(folder.resolve("m"));
    for (int round = 0; round < 20; round++) {
      MorModel model = MorModel.open(source);
      AtomicBoolean stop = new AtomicBoolean();
      try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
        List<Future<?>> running = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
          running.add(threads.submit(() -> generateUntilClosed(model, stop)));
        }
        try {
          boolean closed = false;
          for (int tries = 0; tries < 100_000 && !closed; tries++) {
            closed = tryClose(model);
          }
        } finally {
          // Else a failure would wait for the threads for ever.
          stop.set(true);
        }
        for (Future<?> future : running) {
          future.get();
        }
        model.close();
      }
    }
    assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.KV_PAGES_LENT)).isZero();
  }

  private static void generateUntilClosed(MorModel model, AtomicBoolean stop) {
    try {
      while (!stop.get()) {
        try (MorSession session = model.newSession()) {
          session.generate(new int[] {0, 5}, SHORT, token -> {});
        }
      }
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("is closed");
    }
  }

  private static boolean tryClose(MorModel model) {
    try {
      model.close();
      return true;
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("open sessions, engines or running calls");
      return false;
    }
  }

  @Test
  void scoresAWholeTextInAnyMode() throws IOException {
    try (MorModel model = MorModel.open(TestModels.expert(folder.resolve("m")))) {
      int[] ids = new int[100];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = i * 13 % TestModels.VOCABULARY;
      }
      int[] counted = new int[1];
      int[] depths =
          model.score(
              ids,
              RoutingMode.TOP_K,
              SessionOptions.defaults(),
              (first, count, logits) -> counted[0] += count);
      assertThat(counted[0]).isEqualTo(100);
      int[] active = new int[3];
      for (int depth : depths) {
        for (int r = 0; r < depth; r++) {
          active[r]++;
        }
      }
      assertThat(active).containsExactly(100, 66, 33);
    }
  }

  @Test
  void aModelWithoutTokenizerTakesIds() throws IOException {
    Path source = TestModels.vanilla(folder.resolve("m"));
    Files.delete(source.resolve("tokenizer.json"));
    try (MorModel model = MorModel.open(source);
        MorSession session = model.newSession()) {
      assertThatIllegalStateException()
          .isThrownBy(() -> session.generate("A", SHORT))
          .withMessageContaining("tokenizer.json");
      assertThat(session.generate(new int[] {1}, SHORT, token -> {}).tokens()).hasSize(6);
    }
  }

  @Test
  void kernelsAreReportedAndJavaSaysWhy() throws IOException {
    Path source = TestModels.vanilla(folder.resolve("m"));
    ModelOptions java = ModelOptions.defaults().withKernels(KernelChoice.JAVA);
    try (MorModel model = MorModel.open(source, java)) {
      assertThat(model.backendDescription()).contains("plain Java").contains("asked for");
    }
    assumeTrue(MorModel.runnableKernels().size() > 1, "no native library on this machine");
    try (MorModel model = MorModel.open(source, ModelOptions.defaults().withThreads(2))) {
      assertThat(model.backendDescription()).contains("native").contains("2 threads");
    }
  }

  @Test
  void damagedFoldersAreNamed() throws IOException {
    Path source = TestModels.vanilla(folder.resolve("m"));
    assertThatThrownBy(() -> MorModel.open(folder.resolve("nowhere")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nowhere");

    Path broken = Files.createDirectory(folder.resolve("tokenizer"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(source.resolve(name), broken.resolve(name));
    }
    Files.writeString(broken.resolve("tokenizer.json"), "{\"version\": 1");
    assertThatThrownBy(() -> MorModel.open(broken))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("tokenizer.json");

    String config = Files.readString(source.resolve("config.json"));
    Files.copy(
        source.resolve("tokenizer.json"),
        broken.resolve("tokenizer.json"),
        StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(
        broken.resolve("config.json"),
        config.replaceAll("\"intermediate_size\" *: *88", "\"intermediate_size\":87"));
    assertThatThrownBy(() -> MorModel.open(broken))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining("[88, 32]")
        .hasMessageContaining("[87, 32]");
    assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.MAPPED_WEIGHTS)).isZero();
  }
}
