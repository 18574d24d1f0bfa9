package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.engine.RequestPriority;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A hundred thousand random requests of several threads: any lengths, cancels, deadlines and
 * priorities, with a budget for KV pages that is too small for all that may run. Each ends once,
 * with what it would have given alone as far as it got; all pages come back; the process stops
 * growing.
 */
class EngineLoadTest {
  private static final int REQUESTS = 100_000;
  private static final int CLIENTS = 8;
  private static final int KINDS = 300;
  private static final List<RequestPriority> PRIORITIES = List.of(RequestPriority.values());

  /** A kind of request and what it gives alone. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Kind(int[] prompt, GenerationOptions options, List<Token> alone) {}

  private final Map<FinishReason, AtomicLong> ended = new ConcurrentHashMap<>();
  private final AtomicLong refused = new AtomicLong();

  /** Requests of {@link #crowd}. */
  private final AtomicLong crowded = new AtomicLong();

  @Test
  void everyRequestEndsOnceRightly(@TempDir Path folder) throws Exception {
    List<Long> resident = new ArrayList<>();
    try (MorModel model = MorModel.open(TestModels.expert(folder.resolve("model")))) {
      List<Kind> kinds = kinds(model);
      EngineOptions options =
          EngineOptions.defaults()
              .withMaxSequences(16)
              .withStepTokens(64)
              .withMaxQueued(60)
              .withKvBytes(200_000)
              .withAgeing(Duration.ofMillis(20));
      try (MorEngine engine = model.newEngine(options)) {
        for (int part = 0; part < 4; part++) {
          serve(engine, kinds, part);
          resident.add(residentBytes());
        }
        crowd(engine, kinds);
        assertThat(engine.drain(Duration.ofMinutes(1))).isTrue();
        check(engine.statistics(), options);
      }
    }
    assertThat(OffHeapMemory.totalBytes()).isZero();
    assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.KV_PAGES_LENT)).isZero();
    // The heap has one size in these tests, so what grows is off-heap.
    assertThat(resident.get(3)).isLessThan(resident.get(1) + (64L << 20));
  }

  private void check(EngineStatistics statistics, EngineOptions options) {
    assertThat(statistics.submitted() + refused.get()).isEqualTo(REQUESTS + crowded.get());
    assertThat(statistics.refused().get(RequestRefusedException.Reason.QUEUE_FULL))
        .isEqualTo(refused.get());
    assertThat(statistics.failed()).isZero();
    statistics
        .finished()
        .forEach(
            (reason, count) ->
                assertThat(ended.getOrDefault(reason, new AtomicLong()).get())
                    .as("%s", reason)
                    .isEqualTo(count));
    assertThat(statistics.finished().values().stream().mapToLong(n -> n).sum())
        .isEqualTo(statistics.submitted());
    assertThat(statistics.kvHeldBytes()).isEqualTo(statistics.kvPrefixBytes());
    assertThat(statistics.kvHeldBytes()).isLessThanOrEqualTo(options.kvBytes());
    for (FinishReason reason :
        List.of(FinishReason.LENGTH, FinishReason.CANCELLED, FinishReason.DEADLINE)) {
      assertThat(statistics.finished().get(reason)).as("%s", reason).isPositive();
    }
    assertThat(statistics.preemptions()).isPositive();
    assertThat(statistics.cachedPromptTokens()).isPositive();
  }

  private static List<Kind> kinds(MorModel model) {
    SplittableRandom random = new SplittableRandom(11);
    int[] common = random.ints(60, 1, TestModels.VOCABULARY).toArray();
    List<Kind> kinds = new ArrayList<>();
    try (MorSession session = model.newSession()) {
      for (int i = 0; i < KINDS; i++) {
        int length = 1 + random.nextInt(random.nextInt(10) == 0 ? 60 : 10);
        int[] prompt = random.ints(length, 1, TestModels.VOCABULARY).toArray();
        if (random.nextBoolean()) {
          System.arraycopy(common, 0, prompt, 0, random.nextInt(length + 1));
        }
        GenerationOptions options =
            GenerationOptions.greedy()
                .withMaxNewTokens(1 + random.nextInt(random.nextInt(20) == 0 ? 90 : 8));
        options = random.nextInt(4) == 0 ? options.withTemperature(1).withSeed(i) : options;
        session.reset();
        List<Token> alone = session.generate(prompt, options, token -> {}).tokens();
        kinds.add(new Kind(prompt, options, alone));
      }
    }
    return kinds;
  }

  /** A quarter of the requests, by several clients, each with some at a time. */
  private void serve(MorEngine engine, List<Kind> kinds, int part) throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int c = 0; c < CLIENTS; c++) {
        SplittableRandom random = new SplittableRandom(1000L * part + c);
        all.add(
            clients.submit(
                () -> {
                  client(engine, kinds, random);
                  return null;
                }));
      }
      for (Future<?> client : all) {
        client.get(10, TimeUnit.MINUTES);
      }
    }
  }

  private void client(MorEngine engine, List<Kind> kinds, SplittableRandom random)
      throws InterruptedException {
    Semaphore places = new Semaphore(9);
    List<CompletableFuture<?>> checks = new ArrayList<>();
    for (int i = 0; i < REQUESTS / 4 / CLIENTS; i++) {
      places.acquire();
      Kind kind = kinds.get(random.nextInt(KINDS));
      GenerationRequest request =
          GenerationRequest.of(kind.prompt())
              .withGeneration(kind.options())
              .withPriority(PRIORITIES.get(random.nextInt(3)));
      if (random.nextInt(20) == 0) {
        request = request.withDeadline(Duration.ofNanos(1 + random.nextInt(4_000_000)));
      }
      try {
        Generation generation = engine.submit(request);
        checks.add(
            generation
                .result()
                .whenComplete((result, failure) -> places.release())
                .thenAccept(result -> check(kind, result)));
        if (random.nextInt(20) == 0) {
          cancelSoon(generation, random.nextInt(3));
        }
      } catch (RequestRefusedException e) {
        assertThat(e.reason()).isEqualTo(RequestRefusedException.Reason.QUEUE_FULL);
        refused.incrementAndGet();
        places.release();
      }
    }
    CompletableFuture.allOf(checks.toArray(CompletableFuture[]::new)).join();
  }

  /**
   * Long requests together until one had to give its pages up. Under the load it depends on the
   * machine whether that happens: where clients are slower than the engine, few requests run at a
   * time.
   */
  private void crowd(MorEngine engine, List<Kind> kinds) throws Exception {
    Comparator<Kind> byLength = Comparator.comparingInt(kind -> kind.alone().size());
    List<Kind> longest = kinds.stream().sorted(byLength.reversed()).limit(8).toList();
    for (int round = 0; round < 1000 && engine.statistics().preemptions() == 0; round++) {
      List<Generation> together = new ArrayList<>();
      for (Kind kind : longest) {
        GenerationRequest request = GenerationRequest.of(kind.prompt());
        together.add(engine.submit(request.withGeneration(kind.options())));
      }
      for (int i = 0; i < together.size(); i++) {
        check(longest.get(i), together.get(i).result().get(5, TimeUnit.MINUTES));
        crowded.incrementAndGet();
      }
    }
  }

  private static void cancelSoon(Generation generation, int afterTokens) {
    for (int i = 0; i < afterTokens && generation.hasNext(); i++) {
      generation.next();
    }
    generation.cancel();
  }

  private void check(Kind kind, GenerationResult result) {
    ended.computeIfAbsent(result.finishReason(), any -> new AtomicLong()).incrementAndGet();
    boolean whole =
        result.finishReason() != FinishReason.CANCELLED
            && result.finishReason() != FinishReason.DEADLINE;
    List<Token> expected = kind.alone();
    if (!whole) {
      assertThat(result.tokens().size()).isLessThanOrEqualTo(expected.size());
      expected = expected.subList(0, result.tokens().size());
    }
    assertThat(result.tokens()).extracting(Token::id).isEqualTo(ids(expected));
    assertThat(result.tokens()).extracting(Token::depth).isEqualTo(depths(expected));
  }

  private static List<Integer> ids(List<Token> tokens) {
    return tokens.stream().map(Token::id).toList();
  }

  private static List<Integer> depths(List<Token> tokens) {
    return tokens.stream().map(Token::depth).toList();
  }

  private static long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new IOException("no VmRSS in /proc/self/status");
  }
}
