package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.TensorNames;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class MorEngineTest {
  private static final GenerationOptions SAMPLED =
      GenerationOptions.defaults().withMaxNewTokens(40).withTopK(50).withRepetitionPenalty(1.1);

  private MorModel model;

  @BeforeEach
  void open(@TempDir Path folder) throws IOException {
    model = MorModel.open(TestModels.expert(folder.resolve("model")));
  }

  @AfterEach
  void close() {
    model.close();
    for (OffHeapMemory.Use use : OffHeapMemory.Use.values()) {
      assertThat(OffHeapMemory.bytes(use)).as("%s", use).isZero();
    }
  }

  private static GenerationResult await(Generation generation) throws Exception {
    return generation.result().get(5, TimeUnit.MINUTES);
  }

  private static int[] randomIds(Random random, int count) {
    return random.ints(count, 1, TestModels.VOCABULARY).toArray();
  }

  @Test
  void aRequestGivesWhatASessionGives() throws Exception {
    GenerationOptions options = SAMPLED.withSeed(5).withStop(List.of("the"));
    try (MorEngine engine = model.newEngine(EngineOptions.defaults());
        MorSession session = model.newSession()) {
      GenerationResult alone = session.generate("Once upon a time", options);
      Generation generation =
          engine.submit(GenerationRequest.of("Once upon a time").withGeneration(options));
      List<Token> read = new ArrayList<>();
      generation.forEachRemaining(read::add);
      GenerationResult served = await(generation);
      assertThat(served.text()).isEqualTo(alone.text());
      assertThat(served.tokens()).isEqualTo(alone.tokens()).isEqualTo(read);
      assertThat(served.finishReason()).isEqualTo(alone.finishReason());
      assertThat(served.promptDepths()).isEqualTo(alone.promptDepths());
      assertThat(served.seed()).isEqualTo(5);
      assertThat(served.kv()).isEqualTo(alone.kv());
      assertThat(generation.report().preemptions()).isZero();
    }
  }

  @Test
  void manyRequestsEachGiveWhatTheyGiveAlone() throws Exception {
    Random random = new Random(3);
    for (DepthBatching batching : DepthBatching.values()) {
      EngineOptions options =
          EngineOptions.defaults()
              .withMaxSequences(7)
              .withStepTokens(40)
              .withKvBytes(400_000)
              .withDepthBatching(batching);
      try (MorEngine engine = model.newEngine(options);
          MorSession session = model.newSession()) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
          requests.add(
              GenerationRequest.of(randomIds(random, 1 + random.nextInt(70)))
                  .withGeneration(SAMPLED.withSeed(i).withMaxNewTokens(1 + random.nextInt(50))));
        }
        List<Generation> generations = requests.stream().map(engine::submit).toList();
        for (int i = 0; i < requests.size(); i++) {
          GenerationResult served = await(generations.get(i));
          session.reset();
          GenerationResult alone =
              session.generate(
                  requests.get(i).promptIds().orElseThrow(),
                  requests.get(i).generation(),
                  token -> {});
          assertThat(served.tokens()).isEqualTo(alone.tokens());
          assertThat(served.promptDepths()).isEqualTo(alone.promptDepths());
          assertThat(served.finishReason()).isEqualTo(alone.finishReason());
        }
        EngineStatistics statistics = engine.statistics();
        assertThat(statistics.submitted()).isEqualTo(30);
        assertThat(statistics.running()).isZero();
        assertThat(statistics.queued()).isZero();
        assertThat(statistics.kvHeldBytes()).isEqualTo(statistics.kvPrefixBytes());
        assertThat(statistics.kvPromisedBytes()).isZero();
        assertThat(engine.timeline()).isNotEmpty();
      }
    }
  }

  @Test
  void fullQueueIsRefused() throws Exception {
    EngineOptions options = EngineOptions.defaults().withMaxSequences(1).withMaxQueued(2);
    try (MorEngine engine = model.newEngine(options)) {
      List<Generation> taken = new ArrayList<>();
      assertThatExceptionOfType(RequestRefusedException.class)
          .isThrownBy(
              () -> {
                while (taken.size() < 1000) {
                  taken.add(engine.submit(GenerationRequest.of(new int[] {1})));
                }
              })
          .matches(e -> e.reason() == RequestRefusedException.Reason.QUEUE_FULL);
      taken.forEach(Generation::cancel);
      for (Generation generation : taken) {
        await(generation);
      }
      assertThat(await(engine.submit(GenerationRequest.of(new int[] {1}))).tokens()).isNotEmpty();
      assertThat(engine.statistics().refused().get(RequestRefusedException.Reason.QUEUE_FULL))
          .isEqualTo(1);
    }
  }

  @Test
  void whatCanNeverRunIsRefused() {
    try (MorEngine engine = model.newEngine(EngineOptions.defaults().withKvBytes(33_000))) {
      assertThatThrownBy(() -> engine.submit(GenerationRequest.of(new int[100])))
          .isInstanceOf(RequestRefusedException.class)
          .hasMessageContaining("budget of 33000");
      assertThatThrownBy(() -> engine.submit(GenerationRequest.of(new int[129])))
          .isInstanceOf(RequestRefusedException.class)
          .hasMessageContaining("context of 128");
      assertThatThrownBy(() -> engine.submit(GenerationRequest.of(new int[] {2048})))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> engine.submit(GenerationRequest.of(new int[0])))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(
              () ->
                  engine.submit(
                      GenerationRequest.of("x")
                          .withSession(SessionOptions.defaults().withMaxRecursions(4))))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void cancelAndDeadlineEndARequestOnce() throws Exception {
    try (MorEngine engine = model.newEngine(EngineOptions.defaults().withMaxSequences(1))) {
      GenerationRequest lasting =
          GenerationRequest.of(new int[] {5, 6})
              .withGeneration(GenerationOptions.greedy().withMaxNewTokens(120));
      Generation first = engine.submit(lasting);
      // Work enough for the others to be waiting still when they are told to end.
      List<Generation> ahead = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        ahead.add(engine.submit(lasting));
      }
      Generation waits = engine.submit(lasting.withDeadline(Duration.ofNanos(1)));
      Generation cancelled = engine.submit(lasting);
      cancelled.cancel();
      assertThat(await(cancelled).finishReason()).isEqualTo(FinishReason.CANCELLED);
      ahead.forEach(Generation::cancel);
      assertThat(await(waits).finishReason()).isEqualTo(FinishReason.DEADLINE);
      assertThat(await(waits).tokens()).isEmpty();
      assertThat(waits.hasNext()).isFalse();
      assertThat(first.next().position()).isEqualTo(2);
      first.close();
      first.close();
      assertThat(await(first).finishReason())
          .isIn(FinishReason.CANCELLED, FinishReason.LENGTH, FinishReason.END_OF_TEXT);
    }
  }

  @Test
  void drainFinishesAndCloseCancels() throws Exception {
    MorEngine engine = model.newEngine(EngineOptions.defaults());
    Generation drained = engine.submit(GenerationRequest.of("A"));
    assertThat(engine.drain(Duration.ofMinutes(1))).isTrue();
    assertThat(await(drained).finishReason()).isNotEqualTo(FinishReason.CANCELLED);
    assertThatThrownBy(() -> engine.submit(GenerationRequest.of("B")))
        .isInstanceOf(RequestRefusedException.class)
        .hasMessageContaining("no more");
    assertThatThrownBy(model::close).isInstanceOf(IllegalStateException.class);
    engine.close();
    engine.close();
    assertThat(engine.statistics().finished().values().stream().mapToLong(n -> n).sum())
        .isEqualTo(1);
    MorEngine closing = model.newEngine(EngineOptions.defaults());
    List<Generation> left = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      left.add(closing.submit(GenerationRequest.of("C")));
    }
    closing.close();
    for (Generation generation : left) {
      assertThat(await(generation).finishReason()).isNotNull();
    }
  }

  @Test
  void virtualThreadsSubmitAndRead() throws Exception {
    try (MorEngine engine = model.newEngine(EngineOptions.defaults().withMaxQueued(1000))) {
      List<CompletableFuture<String>> texts = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        CompletableFuture<String> text = new CompletableFuture<>();
        texts.add(text);
        Thread.startVirtualThread(
            () -> {
              try {
                Generation generation =
                    engine.submit(
                        GenerationRequest.of("It was")
                            .withGeneration(GenerationOptions.greedy().withMaxNewTokens(12)));
                StringBuilder read = new StringBuilder();
                generation.forEachRemaining(token -> read.append(token.text()));
                text.complete(read.toString());
              } catch (RuntimeException e) {
                text.completeExceptionally(e);
              }
            });
      }
      String expected = texts.getFirst().get(5, TimeUnit.MINUTES);
      for (CompletableFuture<String> text : texts) {
        assertThat(text.get(5, TimeUnit.MINUTES)).isEqualTo(expected);
      }
      assertThat(engine.statistics().generatedTokens()).isEqualTo(200 * 12);
    }
  }

  /** A token whose embedding is no number spoils the text that it is in, and no other. */
  @Test
  void aTextThatFailsFailsAlone(@TempDir Path folder) throws Exception {
    int poison = 77;
    Path copy = TestModels.expert(folder.resolve("model"));
    poison(copy, poison);
    try (MorModel spoilt = MorModel.open(copy);
        MorSession session = spoilt.newSession();
        MorEngine engine = spoilt.newEngine(EngineOptions.defaults())) {
      GenerationRequest good = GenerationRequest.of(new int[] {1, 2, 3}).withGeneration(SAMPLED);
      List<Generation> before = List.of(engine.submit(good), engine.submit(good));
      Generation bad = engine.submit(GenerationRequest.of(new int[] {1, poison, 3}));
      List<Generation> after = List.of(engine.submit(good), engine.submit(good));
      assertThatThrownBy(() -> await(bad)).hasCauseInstanceOf(NonFiniteLogitsException.class);
      assertThatThrownBy(() -> session.generate(new int[] {1, poison, 3}, SAMPLED, token -> {}))
          .isInstanceOfSatisfying(
              NonFiniteLogitsException.class,
              e -> assertThat(e.model()).isEqualTo(copy.toString()));
      assertThatThrownBy(bad::next)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(copy + ": the model computed no usable logit");
      assertThat(bad.report().totalNanos()).isPositive();
      for (Generation generation : List.of(before.get(0), before.get(1), after.get(0))) {
        GenerationResult served = await(generation);
        session.reset();
        GenerationResult alone =
            session.generate(new int[] {1, 2, 3}, SAMPLED.withSeed(served.seed()), token -> {});
        assertThat(served.tokens()).isEqualTo(alone.tokens());
      }
      await(after.get(1));
      EngineStatistics statistics = engine.statistics();
      assertThat(statistics.failed()).isEqualTo(1);
      assertThat(statistics.kvHeldBytes()).isEqualTo(statistics.kvPrefixBytes());
    }
  }

  private static void poison(Path folder, int id) throws IOException {
    ModelConfig config = ModelConfigJson.read(folder.resolve("config.json"));
    Path file = folder.resolve("model.safetensors");
    SafetensorsFile.Tensor embedding =
        SafetensorsFile.open(file).tensors().get(config.storedName(TensorNames.EMBEDDING));
    long row = embedding.shape().getLast() * Float.BYTES;
    ByteBuffer nan = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    nan.putFloat(0, Float.NaN);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(nan, embedding.offset() + id * row);
    }
  }

  @Test
  void durationsOfAnyLength() throws Exception {
    EngineOptions options = EngineOptions.defaults().withAgeing(Duration.ofSeconds(Long.MAX_VALUE));
    try (MorEngine engine = model.newEngine(options)) {
      Generation generation =
          engine.submit(
              GenerationRequest.of("It")
                  .withDeadline(Duration.ofSeconds(Long.MAX_VALUE))
                  .withGeneration(GenerationOptions.greedy().withMaxNewTokens(Integer.MAX_VALUE)));
      assertThat(await(generation).finishReason())
          .isIn(FinishReason.CONTEXT_FULL, FinishReason.END_OF_TEXT);
      assertThat(engine.drain(Duration.ofSeconds(Long.MAX_VALUE))).isTrue();
    }
  }

  @Test
  void flightRecorderSeesRequestsStepsAndPreemptions(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("engine.jfr");
    try (Recording recording = new Recording()) {
      for (String name : List.of("mor4j.Request", "mor4j.Step", "mor4j.Preemption")) {
        recording.enable(name);
      }
      recording.start();
      // Room for one whole text and a half: the second has to give way.
      EngineOptions options = EngineOptions.defaults().withKvBytes(200_000);
      try (MorEngine engine = model.newEngine(options)) {
        GenerationRequest request =
            GenerationRequest.of(new int[] {4, 5, 6})
                .withGeneration(GenerationOptions.greedy().withMaxNewTokens(100));
        List<Generation> all = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          all.add(engine.submit(request));
        }
        for (Generation generation : all) {
          assertThat(await(generation).tokens()).hasSize(100);
        }
        assertThat(engine.statistics().preemptions()).isPositive();
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    List<RecordedEvent> requests = named(events, "mor4j.Request");
    assertThat(requests).hasSize(6);
    for (RecordedEvent request : requests) {
      assertThat(request.getString("outcome")).isEqualTo("LENGTH");
      assertThat(request.getInt("promptTokens")).isEqualTo(3);
      assertThat(request.getInt("generatedTokens")).isEqualTo(100);
      assertThat(request.getDuration("firstTokenNanos")).isPositive();
    }
    assertThat(named(events, "mor4j.Preemption")).isNotEmpty();
    List<RecordedEvent> steps = named(events, "mor4j.Step");
    assertThat(steps).isNotEmpty();
    assertThat(steps).allMatch(step -> step.getInt("rows") > 0);
    assertThat(steps.getFirst().getString("rowsAtRecursion")).matches("\\d+,\\d+,\\d+");
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream().filter(event -> event.getEventType().getName().equals(name)).toList();
  }

  @Test
  @Timeout(60)
  void aCallbackOfAResultMayCloseTheEngine() {
    MorEngine engine = model.newEngine(EngineOptions.defaults());
    Generation generation = engine.submit(GenerationRequest.of("A").withGeneration(SAMPLED));
    generation.result().thenRun(engine::close).join();
    assertThat(generation.result().join().tokens()).isNotEmpty();
    assertThatThrownBy(() -> engine.submit(GenerationRequest.of("A")))
        .isInstanceOf(RequestRefusedException.class);
    assertThat(engine.toString()).startsWith("MorEngine[").endsWith(", closed]");
  }
}
