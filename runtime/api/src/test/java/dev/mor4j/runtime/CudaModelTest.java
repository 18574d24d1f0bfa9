package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mor4j.runtime.backend.cuda.DeviceActivity;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models on the emulated device: what they hold, share and give back. */
class CudaModelTest {
  private static final ModelOptions CUDA = ModelOptions.defaults().withBackend(BackendChoice.CUDA);

  private static final int[] PROMPT = {0, 11, 7, 300, 5, 5, 17, 1999, 42, 8, 8, 1};

  @TempDir Path folder;
  private long before;

  @BeforeEach
  void countBytes() {
    before = OffHeapMemory.totalBytes();
  }

  private static GenerationOptions options(int tokens, long seed) {
    return GenerationOptions.defaults()
        .withMaxNewTokens(tokens)
        .withTemperature(0.9)
        .withTopK(50)
        .withSeed(seed);
  }

  private static List<Token> generate(MorModel model, int[] prompt, int tokens, long seed) {
    try (MorSession session = model.newSession()) {
      return session.generate(prompt, options(tokens, seed), token -> {}).tokens();
    }
  }

  @Test
  void tenThousandSessionsLeaveNothing() throws IOException {
    try (MorModel model = MorModel.open(TestModels.tiny(folder.resolve("m")), CUDA)) {
      for (int i = 0; i < 3; i++) {
        generate(model, new int[] {3}, 1, 1);
      }
      long held = OffHeapMemory.totalBytes();
      assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.DEVICE_WEIGHTS)).isPositive();
      for (int i = 0; i < 10_000; i++) {
        generate(model, new int[] {i % 40}, 1, i);
        assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.KV_PAGES_LENT)).isZero();
      }
      assertThat(OffHeapMemory.totalBytes()).isEqualTo(held);
    }
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
  }

  @Test
  void onceTheyAreOnTheDeviceWeightsDependOnNoFile() throws IOException {
    Path path = TestModels.tiny(folder.resolve("m"));
    try (MorModel model = MorModel.open(path, CUDA)) {
      List<Token> expected = generate(model, new int[] {3}, 5, 1);
      Files.delete(path.resolve("model.safetensors"));
      assertThat(generate(model, new int[] {3}, 5, 1)).isEqualTo(expected);
      assertThat(model.change()).isEmpty();
    }
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
  }

  @Test
  void sessionsOfSeveralThreadsShareOneQueue() throws Exception {
    Path path = TestModels.tiny(folder.resolve("m"));
    List<List<Token>> alone = new ArrayList<>();
    try (MorModel model = MorModel.open(path, CUDA)) {
      for (int t = 0; t < 4; t++) {
        alone.add(generate(model, new int[] {3, t, 7}, 40 + t, t));
      }
    }
    // Each round begins without buffers and graphs: one thread makes some while others grow theirs.
    for (int round = 0; round < 20; round++) {
      try (MorModel model = MorModel.open(path, CUDA);
          ExecutorService threads = Executors.newFixedThreadPool(4)) {
        List<Future<List<Token>>> running = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
          int number = t;
          running.add(
              threads.submit(() -> generate(model, new int[] {3, number, 7}, 40 + number, number)));
        }
        for (int t = 0; t < 4; t++) {
          assertThat(running.get(t).get(5, TimeUnit.MINUTES)).isEqualTo(alone.get(t));
        }
      }
    }
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
  }

  @Test
  void aSessionGoesOnWhileItsBuffersMove() throws IOException {
    int[] text = new int[120];
    for (int i = 0; i < text.length; i++) {
      text[i] = (i * 37 + 5) % TestModels.VOCABULARY;
    }
    try (MorModel model = MorModel.open(TestModels.expert(folder.resolve("m")), CUDA)) {
      List<Token> expected = generate(model, PROMPT, 60, 3);
      try (MorSession session = model.newSession();
          TokenStream stream = session.stream(PROMPT, options(60, 3))) {
        List<Token> found = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          found.add(stream.next());
        }
        // Takes other buffers while the stream has its own, and larger ones than any before.
        int[] depths =
            model.score(
                text, RoutingMode.THRESHOLD, SessionOptions.defaults(), (first, count, all) -> {});
        assertThat(depths).hasSize(text.length);
        while (stream.hasNext()) {
          found.add(stream.next());
        }
        assertThat(found).isEqualTo(expected);
      }
    }
  }

  @Test
  void withoutGraphsTokensAreTheSame() throws IOException {
    Path path = TestModels.expert(folder.resolve("m"));
    List<Token> expected;
    try (MorModel model = MorModel.open(path, CUDA)) {
      DeviceActivity.Counts start = DeviceActivity.counts();
      expected = generate(model, PROMPT, 20, 3);
      assertThat(DeviceActivity.counts().since(start).graphs()).isGreaterThan(10);
    }
    System.setProperty("mor4j.cuda.graphs", "false");
    try (MorModel model = MorModel.open(path, CUDA)) {
      DeviceActivity.Counts start = DeviceActivity.counts();
      assertThat(generate(model, PROMPT, 20, 3)).isEqualTo(expected);
      assertThat(DeviceActivity.counts().since(start).graphs()).isZero();
    } finally {
      System.clearProperty("mor4j.cuda.graphs");
    }
  }

  @Test
  void someTokensOfABatchAreChosenOnTheHost() throws Exception {
    try (MorModel model = MorModel.open(TestModels.expert(folder.resolve("m")), CUDA)) {
      List<GenerationRequest> requests = new ArrayList<>();
      List<List<Token>> alone = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        GenerationOptions options =
            options(12, i).withTopK(0).withRepetitionPenalty(i % 2 == 0 ? 1 : 1.3);
        requests.add(GenerationRequest.of(PROMPT).withGeneration(options));
        try (MorSession session = model.newSession()) {
          alone.add(session.generate(PROMPT, options, token -> {}).tokens());
        }
      }
      try (MorEngine engine = model.newEngine(EngineOptions.defaults())) {
        List<Generation> generations = requests.stream().map(engine::submit).toList();
        for (int i = 0; i < generations.size(); i++) {
          GenerationResult served = generations.get(i).result().get(5, TimeUnit.MINUTES);
          assertThat(served.tokens()).isEqualTo(alone.get(i));
        }
      }
    }
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
  }

  @Test
  void samplingFollowsTheHostsRules() throws IOException {
    Path model = TestModels.vanilla(folder.resolve("m"));
    GenerationOptions greedy = options(18, 1).withTemperature(0).withTopK(0);
    GenerationOptions drawn = options(18, 1).withTopK(0).withTopP(1).withMinP(0);
    try (MorModel cpu = MorModel.open(model);
        MorModel cuda = MorModel.open(model, CUDA);
        MorSession onCpu = cpu.newSession();
        MorSession onCuda = cuda.newSession()) {
      for (GenerationOptions options : List.of(greedy, drawn, options(18, 1), greedy)) {
        assertThat(onCuda.generate(PROMPT, options, token -> {}).tokens())
            .isEqualTo(onCpu.generate(PROMPT, options, token -> {}).tokens());
      }
    }
  }

  @Test
  void aClosedModelIsRefused() throws IOException {
    MorModel model = MorModel.open(TestModels.vanilla(folder.resolve("m")), CUDA);
    model.close();
    model.close();
    assertThatIllegalStateException()
        .isThrownBy(model::newSession)
        .withMessageContaining("is closed");
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
  }
}
