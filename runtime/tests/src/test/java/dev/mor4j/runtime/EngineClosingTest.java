package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.testing.TestModels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jcstress.infra.results.II_Result;

/** Engines that are closed while others submit, cancel and ask; and the race of generations. */
@Timeout(120)
class EngineClosingTest {
  private static final int ENGINES = 60;
  private static final int ROUNDS = 2000;

  @Test
  void whatWasTakenInEndsHoweverTheEngineIsClosed(@TempDir Path folder) throws Exception {
    try (MorModel model = MorModel.open(TestModels.tiny(folder.resolve("model")))) {
      for (int i = 0; i < ENGINES; i++) {
        closeWhileSubmitting(model, i % 7);
      }
    }
    assertThat(MemoryAccount.totalBytes()).isZero();
  }

  private static void closeWhileSubmitting(MorModel model, int before) throws Exception {
    MorEngine engine = model.newEngine(EngineOptions.defaults().withMaxSequences(2));
    List<Generation> taken = new ArrayList<>();
    CountDownLatch some = new CountDownLatch(before);
    AtomicReference<Throwable> end = new AtomicReference<>();
    Thread submitting =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    while (true) {
                      submit(engine, taken);
                      some.countDown();
                    }
                  } catch (RuntimeException e) {
                    end.set(e);
                  }
                });
    some.await();
    engine.close();
    submitting.join();
    assertThat(end.get())
        .isInstanceOfSatisfying(
            RequestRefusedException.class,
            refused ->
                assertThat(refused.reason())
                    .isIn(
                        RequestRefusedException.Reason.SHUTTING_DOWN,
                        RequestRefusedException.Reason.QUEUE_FULL));
    for (Generation generation : taken) {
      assertThat(generation.result().get(1, TimeUnit.MINUTES).finishReason())
          .isIn(FinishReason.LENGTH, FinishReason.CANCELLED, FinishReason.END_OF_TEXT);
    }
    assertThat(engine.statistics().running()).isZero();
    assertThat(engine.drain(Duration.ZERO)).isTrue();
  }

  private static void submit(MorEngine engine, List<Generation> taken) {
    Generation generation =
        engine.submit(
            GenerationRequest.of(new int[] {1, 2, 3})
                .withGeneration(GenerationOptions.defaults().withMaxNewTokens(4)));
    taken.add(generation);
    if (taken.size() % 3 == 0) {
      generation.cancel();
      assertThat(engine.statistics().submitted()).isPositive();
    }
  }

  /** The race of the profile {@code jcstress}, some times: it compiles and it works. */
  @Test
  void aReaderSeesEveryTokenOnce() throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      GenerationRace race = new GenerationRace();
      II_Result result = new II_Result();
      Thread reader = Thread.startVirtualThread(() -> race.reader(result));
      race.engine();
      reader.join();
      assertThat(result.r1).isEqualTo(56);
      assertThat(result.r2).isEqualTo(1);
    }
  }
}
