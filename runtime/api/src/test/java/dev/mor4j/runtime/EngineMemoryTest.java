package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mor4j.runtime.memory.MemoryLimit;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** KV caches are held against the memory that the process may have. */
class EngineMemoryTest {
  private static final long MIB = 1L << 20;

  /** What is taken beside KV pages, as documented. */
  private static final long JVM = 96 * MIB;

  private MorModel model;

  @BeforeEach
  void open(@TempDir Path folder) throws IOException {
    model = MorModel.open(TestModels.expert(folder.resolve("model")));
  }

  @AfterEach
  void close() {
    System.clearProperty(MemoryLimit.PROPERTY);
    model.close();
    assertThat(OffHeapMemory.totalBytes()).isZero();
  }

  private static void limitBesideTheJvm(long bytes) {
    System.setProperty(
        MemoryLimit.PROPERTY, Long.toString(Runtime.getRuntime().maxMemory() + JVM + bytes));
  }

  @Test
  void theDefaultFollowsFromWhatThereIs() {
    System.setProperty(MemoryLimit.PROPERTY, "none");
    assertThat(kvBytesByDefault()).isEqualTo(1L << 30);
    limitBesideTheJvm(64L << 30);
    assertThat(kvBytesByDefault()).isEqualTo(1L << 30);
    limitBesideTheJvm(200 * MIB);
    long taken = model.weightBytes();
    assertThat(kvBytesByDefault()).isGreaterThan(100 * MIB).isLessThan((200 * MIB - taken) / 4 * 3);
  }

  private long kvBytesByDefault() {
    try (MorEngine engine = model.newEngine(EngineOptions.defaults())) {
      assertThat(engine.statistics().kvBudgetBytes()).isEqualTo(engine.options().kvBytes());
      return engine.options().kvBytes();
    }
  }

  @Test
  void whatDoesNotFitIsRefusedWithAllItsNumbers() {
    limitBesideTheJvm(200 * MIB);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.newEngine(EngineOptions.defaults().withKvBytes(200 * MIB)))
        .withMessageContaining("no room for KV caches of " + 200 * MIB + " bytes (kvBytes)")
        .withMessageContaining("the Java heap takes up to " + Runtime.getRuntime().maxMemory())
        .withMessageContaining("--kv-budget");
    limitBesideTheJvm(0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.newEngine(EngineOptions.defaults()))
        .withMessageContaining("nothing is left");
    System.setProperty(MemoryLimit.PROPERTY, "much");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.newEngine(EngineOptions.defaults()))
        .withMessageContaining("mor4j.memory.limit is much, expected a number of bytes");
  }

  @Test
  void enginesShareWhatThereIs() {
    limitBesideTheJvm(200 * MIB);
    EngineOptions options = EngineOptions.defaults().withKvBytes(100 * MIB);
    try (MorEngine first = model.newEngine(options)) {
      assertThat(first.options()).isEqualTo(options);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.newEngine(options))
          .withMessageContaining("KV caches of other engines " + 100 * MIB);
      try (MorEngine second = model.newEngine(EngineOptions.defaults())) {
        assertThat(second.options().kvBytes()).isBetween(MIB, 75 * MIB);
      }
    }
    model.newEngine(options).close();
  }

  @Test
  void aBudgetThatCannotHoldOneSequenceIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.newEngine(EngineOptions.defaults().withKvBytes(1)))
        .withMessageContaining("kvBytes is 1, expected at least ")
        .withMessageContaining("one sequence");
  }

  /** More at the same time than the default budget holds waits, and all of it is served. */
  @Test
  void servesWithinAnInjectedLimit() throws Exception {
    // Finds how much is taken beside the budget, then leaves room for a few sequences.
    limitBesideTheJvm(200 * MIB);
    long others = 200 * MIB - Math.ceilDiv(kvBytesByDefault() * 4, 3);
    limitBesideTheJvm(others + 400_000);
    try (MorEngine engine = model.newEngine(EngineOptions.defaults())) {
      assertThat(engine.options().kvBytes()).isBetween(250_000L, 300_000L);
      List<Generation> running = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        running.add(
            engine.submit(
                GenerationRequest.of(new int[] {1, 2, i})
                    .withGeneration(GenerationOptions.defaults().withMaxNewTokens(60))));
      }
      for (Generation generation : running) {
        generation.result().get(5, TimeUnit.MINUTES);
        assertThat(engine.statistics().kvHeldBytes())
            .isLessThanOrEqualTo(engine.options().kvBytes());
      }
    }
  }
}
