package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mor4j.runtime.backend.plain.JavaBackend;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.engine.RequestPriority;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.forward.Faults;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import dev.mor4j.runtime.schedule.Sequence;
import dev.mor4j.runtime.schedule.SequenceListener;
import dev.mor4j.runtime.weights.ModelWeights;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An engine ends well, whatever is thrown below it and wherever. */
@Timeout(300)
class EngineFaultsTest {
  private static final int VOCABULARY = 40;

  private final Faults faults = new Faults();
  private MorModel model;
  private long bytesOfModel;

  @BeforeEach
  void open(@TempDir Path folder) throws IOException {
    Path tiny = TestModels.tiny(folder.resolve("model"));
    ModelWeights weights =
        ModelWeights.open(
            tiny.resolve("model.safetensors"), ModelConfigJson.read(tiny.resolve("config.json")));
    model =
        new MorModel(
            tiny,
            ModelOptions.defaults(),
            weights,
            faults.around(new JavaBackend("test", weights)),
            null);
    bytesOfModel = MemoryAccount.totalBytes();
  }

  @AfterEach
  void close() {
    faults.disarm();
    model.close();
    assertThat(MemoryAccount.totalBytes()).isZero();
    assertThat(MemoryAccount.KV_PAGES_LENT.bytes()).isZero();
  }

  private static GenerationRequest request(int promptLength, int tokens) {
    int[] prompt = new int[promptLength];
    for (int i = 0; i < promptLength; i++) {
      prompt[i] = 1 + (7 * i) % (VOCABULARY - 1);
    }
    return GenerationRequest.of(prompt)
        .withGeneration(GenerationOptions.defaults().withMaxNewTokens(tokens).withTemperature(0));
  }

  @Test
  void anExceptionAtEveryCall() throws Exception {
    faultAtEveryCall(() -> new IllegalStateException("injected"));
  }

  @Test
  void anErrorAtEveryCall() throws Exception {
    faultAtEveryCall(() -> new OutOfMemoryError("injected"));
  }

  private void faultAtEveryCall(Supplier<? extends Throwable> fault) throws Exception {
    int call = 1;
    do {
      faults.arm(call, call, fault);
      List<Generation> generations = new ArrayList<>();
      Throwable thrown = catchThrowable(() -> run(generations));
      if (thrown != null) {
        assertThat(thrown).as("call %d", call).isSameAs(faults.thrown());
      }
      for (Generation generation : generations) {
        checkEnded(generation, call);
      }
      assertThat(MemoryAccount.totalBytes()).as("call %d", call).isEqualTo(bytesOfModel);
      call++;
    } while (faults.thrown() != null);
    assertThat(call).isGreaterThan(50);
  }

  private void run(List<Generation> generations) throws Exception {
    try (MorEngine engine =
        model.newEngine(EngineOptions.defaults().withMaxSequences(2).withStepTokens(40))) {
      generations.add(engine.submit(request(40, 4)));
      generations.add(engine.submit(request(36, 3)));
      generations.add(engine.submit(request(5, 3)));
      for (Generation generation : generations) {
        awaitEnd(generation);
      }
      assertThat(engine.failure()).isEmpty();
      assertThat(engine.drain(Duration.ofMinutes(1))).isTrue();
      assertThat(engine.statistics().running()).isZero();
      assertThat(engine.statistics().queued()).isZero();
    }
  }

  private static void awaitEnd(Generation generation) throws Exception {
    try {
      generation.result().get(1, TimeUnit.MINUTES);
    } catch (ExecutionException e) {
      // Checked below.
    }
  }

  private void checkEnded(Generation generation, int call) {
    assertThat(generation.result()).as("call %d", call).isDone();
    if (generation.result().isCompletedExceptionally()) {
      assertThat(catchThrowable(() -> generation.result().get()))
          .as("call %d", call)
          .cause()
          .isSameAs(faults.thrown());
    } else {
      assertThat(generation.result().join().finishReason()).isEqualTo(FinishReason.LENGTH);
    }
  }

  /** A listener that lets nothing be ended. */
  private static final class Hostile implements SequenceListener {
    private final CountDownLatch runs = new CountDownLatch(1);

    @Override
    public void started(int cachedTokens) {
      runs.countDown();
    }

    @Override
    public FinishReason token(int id, int depth, int position, boolean contextIsFull) {
      return null;
    }

    @Override
    public void ended(FinishReason reason) {
      throw new IllegalStateException("cannot be ended");
    }

    @Override
    public void failed(Throwable cause) {
      throw new LinkageError("cannot be failed");
    }
  }

  @Test
  void whenAFailureCannotBeHandledEverythingEndsByTheFirstCause() throws Exception {
    MorEngine engine = model.newEngine(EngineOptions.defaults().withMaxSequences(2));
    Hostile hostile = new Hostile();
    engine.thread().post(() -> engine.scheduler().submit(sequence(hostile)));
    Generation running = engine.submit(request(5, 90));
    List<Generation> waiting = List.of(engine.submit(request(5, 90)), engine.submit(request(9, 9)));
    hostile.runs.await();
    running.next();
    faults.arm(1, Integer.MAX_VALUE, () -> new OutOfMemoryError("injected"));
    for (Generation generation : List.of(running, waiting.get(0), waiting.get(1))) {
      awaitEnd(generation);
    }
    faults.disarm();
    Throwable cause = engine.failure().orElseThrow();
    assertThat(cause).isInstanceOf(OutOfMemoryError.class);
    for (Generation generation : List.of(running, waiting.get(0), waiting.get(1))) {
      assertThat(catchThrowable(() -> generation.result().get())).cause().isSameAs(cause);
      assertThat(catchThrowable(() -> generation.forEachRemaining(token -> {})))
          .hasRootCause(cause);
      assertThat(generation.report().totalNanos()).isNotNegative();
    }
    assertThatExceptionOfType(RequestRefusedException.class)
        .isThrownBy(() -> engine.submit(request(5, 5)))
        .matches(e -> e.reason() == RequestRefusedException.Reason.ENGINE_FAILED)
        .withCause(cause);
    assertThat(engine.statistics().running()).isZero();
    assertThat(engine.statistics().failed()).isGreaterThanOrEqualTo(4);
    assertThat(engine.timeline()).isNotEmpty();
    assertThat(engine.toString()).contains("0 requests taken in and not ended");
    running.cancel();
    assertThat(engine.drain(Duration.ofMinutes(1))).isTrue();
    engine.close();
    engine.close();
    assertThat(engine.statistics().running()).isZero();
    assertThat(MemoryAccount.totalBytes()).isEqualTo(bytesOfModel);
  }

  private Sequence sequence(SequenceListener listener) {
    return new Sequence(
        new int[] {1, 2, 3},
        RoutingSettings.threshold(model.config().recursions(), 0),
        new Sampler(VOCABULARY, 0, 0, 1, 0, 1, 1, new SamplingBuffers()),
        listener,
        RequestPriority.NORMAL,
        100,
        0,
        Long.MAX_VALUE);
  }
}
