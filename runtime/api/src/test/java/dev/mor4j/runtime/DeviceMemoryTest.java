package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.device.DeviceOutOfMemoryException;
import dev.mor4j.testing.EmulatedGpu;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device without room, or that fails: what is said, and what goes on. */
class DeviceMemoryTest {
  private static final ModelOptions CUDA =
      ModelOptions.defaults()
          .withBackend(BackendChoice.CUDA)
          .withDevice(DeviceOptions.defaults().withNumbers(DeviceOptions.Numbers.F32));
  private static final GenerationOptions SHORT =
      GenerationOptions.defaults().withMaxNewTokens(12).withSeed(3);

  @TempDir Path dir;
  private Path folder;
  private long bytesBefore;

  /** A device that has failed gives nothing back. */
  private boolean failed;

  @BeforeEach
  void write() throws IOException {
    CudaReport report = CudaReport.read();
    EmulatedGpu.require(report.available() && report.emulated(), report);
    bytesBefore = EmulatedGpu.allocatedBytes();
    folder = TestModels.expert(dir.resolve("model"));
  }

  @AfterEach
  void nothingIsLeft() {
    EmulatedGpu.reset();
    for (OffHeapMemory.Use use : OffHeapMemory.Use.values()) {
      assertThat(OffHeapMemory.bytes(use)).as("%s", use).isZero();
    }
    if (!failed) {
      assertThat(EmulatedGpu.allocatedBytes()).isEqualTo(bytesBefore);
    }
  }

  private static void fill() {
    EmulatedGpu.memoryLimit(EmulatedGpu.allocatedBytes());
  }

  /** Wherever the memory ends while a model is opened. */
  @Test
  void aModelThatDoesNotFitIsRefused() throws IOException {
    long needed;
    try (MorModel model = MorModel.open(folder, CUDA)) {
      needed = EmulatedGpu.allocatedBytes() - bytesBefore;
      assertThat(model.backendDescription()).contains("emulated");
    }
    for (int part = 0; part < 20; part++) {
      EmulatedGpu.memoryLimit(bytesBefore + Math.max(1, needed - 1 - part * needed / 20));
      DeviceOutOfMemoryException full =
          catchThrowableOfType(
              DeviceOutOfMemoryException.class, () -> MorModel.open(folder, CUDA).close());
      assertThat(full).hasMessageContaining("no room on the GPU for ").hasMessageContaining("free");
      assertThat(full.requestedBytes()).isGreaterThan(full.freeBytes());
      assertThat(full.getMessage())
          .contains("asked for " + full.requestedBytes(), full.freeBytes() + " of ");
      nothingIsLeftOpen();
    }
    EmulatedGpu.memoryLimit(0);
    MorModel.open(folder, CUDA).close();
  }

  private void nothingIsLeftOpen() {
    assertThat(EmulatedGpu.allocatedBytes()).isEqualTo(bytesBefore);
    assertThat(OffHeapMemory.totalBytes()).isZero();
  }

  @Test
  void anEngineWithMoreThanIsFreeIsRefused() throws Exception {
    try (MorModel model = MorModel.open(folder, CUDA)) {
      long before = EmulatedGpu.allocatedBytes();
      long engineBytes;
      try (MorEngine engine = model.newEngine(EngineOptions.defaults().withKvBytes(1 << 20))) {
        engineBytes = EmulatedGpu.allocatedBytes() - before;
        assertThat(engine.statistics().kvBudgetBytes()).isEqualTo(1 << 20);
      }
      // Whether or not the products have scratch memory now, which an engine leaves to its model.
      engineBytes -= EmulatedGpu.allocatedBytes() - before;
      long free = 4L << 20;
      EmulatedGpu.memoryLimit(EmulatedGpu.allocatedBytes() + engineBytes + free);
      DeviceOutOfMemoryException refused =
          catchThrowableOfType(
              DeviceOutOfMemoryException.class,
              () -> model.newEngine(EngineOptions.defaults().withKvBytes(free + 1)).close());
      assertThat(refused)
          .hasMessageContaining("KV caches of " + (free + 1) + " bytes")
          .hasMessageContaining(free + " bytes are free");
      assertThat(refused.requestedBytes()).isEqualTo(free + 1);
      assertThat(refused.freeBytes()).isEqualTo(free);
      try (MorEngine engine = model.newEngine(EngineOptions.defaults().withKvBytes(free))) {
        assertThat(engine.submit(request()).result().get(5, TimeUnit.MINUTES).tokens())
            .isNotEmpty();
      }
    }
  }

  private static GenerationRequest request() {
    return GenerationRequest.of("The sea").withGeneration(SHORT);
  }

  @Test
  void anEngineGoesOnAfterItsPagesRanOut() throws Exception {
    EngineOptions options = EngineOptions.defaults().withMaxSequences(16).withKvBytes(64L << 20);
    try (MorModel model = MorModel.open(folder, CUDA);
        MorEngine engine = model.newEngine(options)) {
      List<Token> expected = engine.submit(request()).result().get(5, TimeUnit.MINUTES).tokens();
      fill();
      List<Generation> many = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        int[] ids = new int[110];
        Arrays.fill(ids, 5 + i);
        many.add(
            engine.submit(
                GenerationRequest.of(ids)
                    .withGeneration(GenerationOptions.greedy().withMaxNewTokens(3))));
      }
      int refused = 0;
      for (Generation each : many) {
        try {
          each.result().get(5, TimeUnit.MINUTES);
        } catch (ExecutionException e) {
          assertThat(e.getCause())
              .isInstanceOf(DeviceOutOfMemoryException.class)
              .hasMessageContaining("no room on the GPU");
          refused++;
        }
      }
      EngineStatistics statistics = engine.statistics();
      assertThat(refused).isPositive();
      assertThat(statistics.outOfMemory()).isEqualTo(statistics.failed()).isEqualTo(refused);
      assertThat(statistics.running() + statistics.queued()).isZero();
      assertThat(statistics.kvHeldBytes()).isEqualTo(statistics.kvPrefixBytes());
      EmulatedGpu.memoryLimit(0);
      assertThat(engine.submit(request()).result().get(5, TimeUnit.MINUTES).tokens())
          .isEqualTo(expected);
    }
  }

  /** Wherever the memory ends while a text is generated, the session can be used again. */
  @Test
  void aSessionGoesOn() throws IOException {
    String expected;
    try (MorModel model = MorModel.open(folder, CUDA);
        MorSession session = model.newSession()) {
      expected = session.generate("The sea", SHORT, token -> {}).text();
    }
    try (MorModel model = MorModel.open(folder, CUDA)) {
      long before = EmulatedGpu.allocatedBytes();
      int refused = 0;
      try (MorSession session = model.newSession()) {
        boolean fits = false;
        for (int part = 0; !fits; part++) {
          EmulatedGpu.memoryLimit(before + 1 + part * 48L * 1024);
          try {
            session.generate("The sea", SHORT, token -> {});
            fits = true;
          } catch (DeviceOutOfMemoryException e) {
            refused++;
          }
          session.reset();
        }
        assertThat(refused).isGreaterThan(5);
        EmulatedGpu.memoryLimit(0);
        assertThat(session.generate("The sea", SHORT, token -> {}).text())
            .isNotEmpty()
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void aDeviceThatFailedSaysSoAtOnce() throws IOException {
    try (MorModel model = MorModel.open(folder, CUDA);
        MorSession session = model.newSession()) {
      failed = true;
      EmulatedGpu.failNext("execute", EmulatedGpu.ILLEGAL_ADDRESS);
      assertThatExceptionOfType(DeviceException.class)
          .isThrownBy(() -> session.generate("The sea", SHORT, token -> {}))
          .withMessageMatching("the GPU (failed|has failed before) \\(.*")
          .isNotInstanceOf(DeviceOutOfMemoryException.class);
      session.reset();
      assertThatExceptionOfType(DeviceException.class)
          .isThrownBy(() -> session.generate("The sea", SHORT, token -> {}))
          .withMessageContaining("the GPU has failed before (")
          .withMessageContaining("open the model again");
    }
    EmulatedGpu.reset();
    MorModel.open(folder, CUDA).close();
  }
}
