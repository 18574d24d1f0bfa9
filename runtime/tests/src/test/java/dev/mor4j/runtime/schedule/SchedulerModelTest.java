package dev.mor4j.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.bindings.cpu.Isa;
import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.engine.RequestPriority;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.forward.BufferPool;
import dev.mor4j.runtime.forward.OpenedModel;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import dev.mor4j.runtime.text.GeneratedText;
import dev.mor4j.testing.RandomConfigs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random schedules of random models of every kind, held against the plainest thing that could give
 * the same: each sequence alone, a token at a time. Sequences come and are cancelled between steps,
 * time jumps past their deadlines, budgets are too small for all of them, prefixes are shared.
 * After each step everything that must hold is checked.
 */
class SchedulerModelTest {
  private static final int MODELS = 15;
  private static final int SCHEDULES = 20;
  private static final int CONTEXT = 115;

  /** The token that ends a text. */
  private static final int END = 3;

  @TempDir static Path folder;

  /** How often the rare things happened, so that a test that never sees them fails. */
  private static long preemptions;

  private static long cachedTokens;
  private static final Map<FinishReason, Long> FINISHED = new EnumMap<>(FinishReason.class);

  @AfterAll
  static void everythingHasHappened() {
    assertThat(preemptions).isGreaterThan(50);
    assertThat(cachedTokens).isGreaterThan(1000);
    for (FinishReason reason : FinishReason.values()) {
      if (reason != FinishReason.STOP) {
        assertThat(FINISHED.getOrDefault(reason, 0L)).as("%s", reason).isGreaterThan(20);
      }
    }
  }

  /** A sequence, what it would give alone, and what it gave. */
  private static final class Subject implements SequenceListener {
    private final int[] prompt;
    private final RoutingSettings settings;
    private final int maxNewTokens;
    private final GeneratedText generated;
    private final double temperature;
    private final long seed;
    private final RequestPriority priority;
    private final long deadlineAfter;
    private Sequence sequence;
    private boolean started;
    private FinishReason reason;
    private final List<Integer> ids = new ArrayList<>();
    private final List<Integer> depths = new ArrayList<>();
    private final List<float[]> logits = new ArrayList<>();
    private List<Integer> promptDepths = List.of();

    Subject(Random random, ModelConfig config, int[] prompt) {
      this.prompt = prompt;
      this.maxNewTokens = 1 + random.nextInt(60);
      this.generated = new GeneratedText(new int[] {END}, maxNewTokens, null);
      this.temperature = random.nextBoolean() ? 0 : 0.9;
      this.seed = random.nextLong();
      this.priority = RandomConfigs.pick(random, List.of(RequestPriority.values()));
      this.deadlineAfter = random.nextInt(6) == 0 ? random.nextInt(4000) : Long.MAX_VALUE / 2;
      boolean threshold = config.routing() instanceof RoutingConfig.ExpertChoice;
      double[] thresholds = {0, 0, 0.3, -0.3, Double.NEGATIVE_INFINITY};
      this.settings =
          RoutingSettings.threshold(
              random.nextInt(3) > 0 ? config.recursions() : 1 + random.nextInt(config.recursions()),
              threshold ? thresholds[random.nextInt(thresholds.length)] : 0);
    }

    Sampler sampler(int vocabulary) {
      Sampler sampler =
          new Sampler(vocabulary, temperature, 0, 1, 0, 1.2, seed, new SamplingBuffers());
      for (int id : prompt) {
        sampler.saw(id);
      }
      return sampler;
    }

    @Override
    public void started(int cachedTokens) {
      assertThat(started).isFalse();
      assertThat(cachedTokens).isBetween(0, prompt.length - 1);
      started = true;
    }

    @Override
    public FinishReason token(int id, int depth, int position, boolean contextIsFull) {
      assertThat(position).isEqualTo(prompt.length + ids.size());
      ids.add(id);
      depths.add(depth);
      return generated.add(id, depth, position, contextIsFull);
    }

    @Override
    public void ended(FinishReason why) {
      assertThat(reason).as("ended before").isNull();
      reason = why;
      promptDepths = new ArrayList<>();
      for (int i = 0; i < Math.min(prompt.length, sequence.computed()); i++) {
        promptDepths.add(sequence.depth(i));
      }
    }

    @Override
    public void failed(Throwable cause) {
      throw new AssertionError(cause);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyScheduleGivesWhatEachSequenceGivesAlone(int part) throws IOException {
    List<Isa> isas = OpenedModel.isas();
    for (int i = 0; i < MODELS; i++) {
      long seed = 1000L * part + i;
      Random random = new Random(seed);
      Path model = folder.resolve("model-" + seed);
      ModelConfig config = RandomConfigs.draw(seed);
      RandomModel.write(model, config, i % 2 == 0 ? DType.F32 : DType.BF16, seed);
      Isa isa = isas.isEmpty() || i % 7 == 6 ? null : isas.getLast();
      KvCacheType type = RandomConfigs.pick(random, List.of(KvCacheType.values()));
      try (OpenedModel opened = new OpenedModel(model, isa, 1, 64, type)) {
        for (int schedule = 0; schedule < SCHEDULES; schedule++) {
          runSchedule(opened, type, random, "model " + seed + ", schedule " + schedule);
        }
      }
    }
  }

  private static void runSchedule(
      OpenedModel opened, KvCacheType type, Random random, String what) {
    ModelConfig config = opened.weights.config();
    List<Subject> subjects = subjects(random, config);
    long[] now = {0};
    try (KvPools pools =
            new KvPools(
                opened.forward.kvPlan(), config.architecture(), type, opened.backend.pageMemory());
        KvPools aloneIn =
            new KvPools(
                opened.forward.kvPlan(),
                config.architecture(),
                type,
                opened.backend.pageMemory())) {
      SchedulerSettings settings = settings(random, opened, pools, subjects);
      BufferPool bufferPool =
          new BufferPool(
              opened.backend, 1 + random.nextInt(settings.stepTokens()), config.recursions());
      PassBuffers buffers = bufferPool.take();
      try (Scheduler scheduler =
          new Scheduler(
              settings, opened.forward, buffers, pools, config.recursions(), () -> now[0])) {
        scheduler
            .exits()
            .tapLogits(
                (sequence, logits, from) ->
                    ((Subject) sequence.listener)
                        .logits.add(
                            Arrays.copyOfRange(
                                logits, from, from + config.architecture().vocabulary())));
        drive(scheduler, opened, pools, buffers, settings, subjects, random, now);
        preemptions += scheduler.counters().preemptions();
        cachedTokens += scheduler.counters().cachedPromptTokens();
        for (Subject subject : subjects) {
          FINISHED.merge(subject.reason, 1L, Long::sum);
          compare(subject, opened, aloneIn, what);
        }
      } finally {
        bufferPool.close();
      }
      assertThat(pools.lentBytes()).as(what).isZero();
    }
  }

  private static List<Subject> subjects(Random random, ModelConfig config) {
    int vocabulary = config.architecture().vocabulary();
    int[] common = random.ints(120, 0, vocabulary).toArray();
    List<Subject> subjects = new ArrayList<>();
    int count = 1 + random.nextInt(12);
    for (int i = 0; i < count; i++) {
      int[] prompt = random.ints(1 + random.nextInt(100), 0, vocabulary).toArray();
      if (random.nextInt(3) > 0) {
        System.arraycopy(common, 0, prompt, 0, random.nextInt(prompt.length + 1));
      }
      subjects.add(new Subject(random, config, prompt));
    }
    return subjects;
  }

  /** Budgets from just enough for the largest sequence to plenty. */
  private static SchedulerSettings settings(
      Random random, OpenedModel opened, KvPools pools, List<Subject> subjects) {
    long largest = 1;
    for (Subject subject : subjects) {
      int most = Math.min(CONTEXT, subject.prompt.length + subject.maxNewTokens - 1);
      largest =
          Math.max(
              largest,
              pools.worstCaseBytes(
                  opened.forward.kvPlan(), most, subject.settings.maxRecursions()));
    }
    int maxSequences = 1 + random.nextInt(8);
    long kvBytes = (long) (largest * (random.nextInt(3) == 0 ? 1 : 1 + 4 * random.nextDouble()));
    int stepTokens = maxSequences + 1 + random.nextInt(60);
    int minExitBatch = random.nextInt(maxSequences + 2);
    int maxExitWait = random.nextInt(4);
    // Continuous depth-wise batching, and the two baselines.
    int batching = random.nextInt(3);
    boolean prefixCache = random.nextBoolean();
    return new SchedulerSettings(
        maxSequences,
        stepTokens,
        kvBytes,
        prefixCache,
        1 + random.nextInt(2000),
        new SchedulerSettings.ExitRule(minExitBatch, maxExitWait, batching > 0, batching == 2));
  }

  private static void drive(
      Scheduler scheduler,
      OpenedModel opened,
      KvPools pools,
      PassBuffers buffers,
      SchedulerSettings settings,
      List<Subject> subjects,
      Random random,
      long[] now) {
    int submitted = 0;
    int steps = 0;
    while (submitted < subjects.size() || !scheduler.isIdle()) {
      if (submitted < subjects.size() && (scheduler.isIdle() || random.nextInt(4) == 0)) {
        submit(subjects.get(submitted++), opened, scheduler, now[0]);
      }
      if (random.nextInt(60) == 0 && submitted > 0) {
        scheduler.cancel(subjects.get(random.nextInt(submitted)).sequence);
      }
      now[0] += random.nextInt(40);
      scheduler.step();
      SchedulerAudit.check(
          scheduler, opened.forward.kvPlan(), pools, buffers.tokens(), settings.kvBytes());
      assertThat(++steps).as("steps").isLessThan(100_000);
    }
  }

  private static void submit(Subject subject, OpenedModel opened, Scheduler scheduler, long now) {
    subject.sequence =
        new Sequence(
            subject.prompt,
            subject.settings,
            subject.sampler(opened.weights.config().architecture().vocabulary()),
            subject,
            subject.priority,
            CONTEXT,
            now,
            now + subject.deadlineAfter);
    scheduler.submit(subject.sequence);
  }

  /** The oracle: the sequence alone, its prompt at once and then a token at a time. */
  private static void compare(Subject subject, OpenedModel opened, KvPools pools, String what) {
    int vocabulary = opened.weights.config().architecture().vocabulary();
    Sampler sampler = subject.sampler(vocabulary);
    int[] ids = Arrays.copyOf(subject.prompt, CONTEXT + 1);
    int[] depths = new int[CONTEXT + 1];
    int length = subject.prompt.length;
    int computed = 0;
    assertThat(subject.reason).as(what).isNotNull();
    PassBuffers buffers = opened.buffers.take();
    try (SequenceCaches caches = new SequenceCaches(opened.forward.kvPlan(), pools)) {
      for (int i = 0; i < subject.ids.size(); i++) {
        opened.forward.run(
            ids, computed, length - computed, caches, subject.settings, buffers, depths);
        float[] logits = new float[vocabulary];
        opened.forward.logits(length - computed - 1, 1, logits, buffers);
        computed = length;
        assertThat(bits(subject.logits.get(i))).as("%s, token %d", what, i).isEqualTo(bits(logits));
        int id = sampler.next(logits, length);
        sampler.saw(id);
        assertThat(subject.ids.get(i)).isEqualTo(id);
        assertThat(subject.depths.get(i)).isEqualTo(depths[length - 1]);
        ids[length++] = id;
        if (i == subject.ids.size() - 1) {
          checkReason(subject, id, length - 1);
        }
      }
      for (int i = 0; computed > 0 && i < subject.promptDepths.size(); i++) {
        assertThat(subject.promptDepths.get(i)).isEqualTo(depths[i]);
      }
    } finally {
      opened.buffers.giveBack(buffers);
    }
  }

  private static void checkReason(Subject subject, int lastId, int position) {
    FinishReason expected =
        lastId == END
            ? FinishReason.END_OF_TEXT
            : subject.ids.size() == subject.maxNewTokens
                ? FinishReason.LENGTH
                : position >= CONTEXT ? FinishReason.CONTEXT_FULL : null;
    if (expected != null) {
      assertThat(subject.reason).isEqualTo(expected);
    } else {
      assertThat(subject.reason).isIn(FinishReason.CANCELLED, FinishReason.DEADLINE);
    }
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }
}
