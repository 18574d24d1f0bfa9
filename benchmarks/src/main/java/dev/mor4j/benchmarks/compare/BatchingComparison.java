package dev.mor4j.benchmarks.compare;

import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.runtime.DepthBatching;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.engine.EngineStep;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/**
 * The engine with continuous depth-wise batching beside itself without, and beside plain batching
 * of models without a router, in turn in one process, so that a machine that changes its speed
 * changes it for all:
 *
 * <pre>
 *   -p size=360m  -p dtype=int8  -p sequences=32  -p kv=f32  -f 5 (rounds)  -r 8s (a run)
 * </pre>
 *
 * <p>{@code -p model=DIR} takes a converted model instead. A run keeps that many sequences going,
 * each a prompt of 32 tokens and a text of 64 to 320. It prints tokens per second, mean depth, rows
 * of a pass, and what passes and the rest of a step took.
 */
public final class BatchingComparison {
  private static final int PROMPT = 32;
  private static final int LEAST = 64;
  private static final int MOST = 320;

  /** One kind of run. */
  private record Case(String name, MorModel model, EngineOptions options, SessionOptions session) {}

  /** What a run gave. */
  private record Run(
      double tokensPerSecond, double depth, double rowsPerPass, List<EngineStep> steps) {}

  private final CommandLineOptions given;
  private final PrintStream out;
  private final int sequences;
  private final int rounds;
  private final long runMillis;

  private BatchingComparison(CommandLineOptions given, PrintStream out) {
    this.given = given;
    this.out = out;
    this.sequences = Integer.parseInt(value("sequences", "32"));
    this.rounds = given.getForkCount().orElse(5);
    this.runMillis =
        given.getMeasurementTime().hasValue()
            ? given.getMeasurementTime().get().convertTo(TimeUnit.MILLISECONDS)
            : 8000;
  }

  private String value(String name, String otherwise) {
    return PeerCheck.values(given, name, List.of(otherwise)).getFirst();
  }

  public static void run(CommandLineOptions given, PrintStream out)
      throws IOException, InterruptedException {
    new BatchingComparison(given, out).run();
  }

  private void run() throws IOException, InterruptedException {
    ModelOptions options =
        ModelOptions.defaults()
            .withKvCache(KvCacheType.valueOf(value("kv", "f32").toUpperCase(Locale.ROOT)));
    List<String> named = PeerCheck.values(given, "model", List.of());
    String size = value("size", "360m");
    List<String> names =
        named.isEmpty() ? List.of(size + "-mor3", size + "-recursive3", size + "-vanilla") : named;
    List<MorModel> opened = new ArrayList<>();
    try {
      List<Case> cases = new ArrayList<>();
      for (String name : names) {
        String dtype = value("dtype", BenchmarkModels.dtype(name, "int8"));
        opened.add(MorModel.open(BenchmarkModels.folder(name, dtype), options));
        MorModel model = opened.getLast();
        out.printf(
            Locale.ROOT,
            "# %s, %s, %d sequences, %s%n",
            name,
            dtype,
            sequences,
            model.backendDescription());
        // Names of the sizes are long, and the same for all.
        cases.addAll(cases(named.isEmpty() ? name.substring(size.length() + 1) : name, model));
      }
      compare(cases);
    } finally {
      opened.forEach(MorModel::close);
    }
  }

  /** A model with a router in every way of batching, one without in the only one that matters. */
  private List<Case> cases(String name, MorModel model) {
    EngineOptions continuous = EngineOptions.defaults().withMaxSequences(sequences);
    SessionOptions trained = SessionOptions.defaults();
    RoutingConfig routing = model.config().routing();
    if (routing instanceof RoutingConfig.None) {
      return List.of(new Case(name, model, continuous, trained));
    }
    List<Case> cases = new ArrayList<>();
    for (DepthBatching batching : DepthBatching.values()) {
      EngineOptions with = continuous.withDepthBatching(batching);
      cases.add(new Case(name + " " + batching, model, with, trained));
    }
    if (routing instanceof RoutingConfig.ExpertChoice) {
      cases.add(
          new Case(name + " full depth", model, continuous, trained.withProbabilityThreshold(0)));
    }
    return cases;
  }

  private void compare(List<Case> cases) throws InterruptedException {
    Map<Case, List<Run>> runs = new LinkedHashMap<>();
    for (int round = 0; round <= rounds; round++) {
      for (Case one : cases) {
        Run run = measure(one, round);
        if (round > 0) {
          runs.computeIfAbsent(one, any -> new ArrayList<>()).add(run);
          out.printf(
              Locale.ROOT,
              "# round %d: %-20s %7.1f tok/s, depth %.3f, %.1f rows a pass%n",
              round,
              one.name(),
              run.tokensPerSecond(),
              run.depth(),
              run.rowsPerPass());
        }
      }
    }
    runs.forEach(this::printCosts);
  }

  /** Mean times of passes and of what is around them, by rows. */
  private void printCosts(Case one, List<Run> runs) {
    double block = 0;
    double rest = 0;
    long tokens = 0;
    long rows = 0;
    double full = 0;
    long fullCount = 0;
    long passes = 0;
    for (Run run : runs) {
      for (EngineStep step : run.steps()) {
        if (step.promptRows() > 0) {
          continue;
        }
        block += step.blockNanos();
        rest += step.nanos() - step.blockNanos();
        tokens += step.exited();
        rows += step.rows();
        passes++;
        if (step.rows() == sequences) {
          full += step.blockNanos();
          fullCount++;
        }
      }
    }
    out.printf(
        Locale.ROOT,
        "# %-20s without prompts: block %.3f ms a pass of %.1f rows (%.3f ms with all %d rows, %d of"
            + " %d), rest %.3f ms a token%n",
        one.name(),
        block / passes / 1e6,
        (double) rows / passes,
        fullCount == 0 ? 0 : full / fullCount / 1e6,
        sequences,
        fullCount,
        passes,
        rest / tokens / 1e6);
  }

  private Run measure(Case one, int round) throws InterruptedException {
    SplittableRandom random = new SplittableRandom(Texts.SEED + round);
    Texts texts = Texts.of(one.model());
    Semaphore places = new Semaphore(sequences);
    AtomicBoolean stop = new AtomicBoolean();
    try (MorEngine engine = one.model().newEngine(one.options())) {
      Thread source =
          Thread.ofVirtual()
              .start(
                  () -> {
                    while (!stop.get()) {
                      places.acquireUninterruptibly();
                      Generation generation =
                          engine.submit(
                              GenerationRequest.of(texts.next(PROMPT))
                                  .withSession(one.session())
                                  .withGeneration(
                                      GenerationOptions.greedy()
                                          .withMaxNewTokens(random.nextInt(LEAST, MOST))));
                      var unused =
                          generation.result().whenComplete((result, failure) -> places.release());
                      Objects.requireNonNull(unused);
                    }
                  });
      Thread.sleep(round == 0 ? 4000 : 2000);
      EngineStatistics before = engine.statistics();
      long start = System.nanoTime();
      Thread.sleep(runMillis);
      EngineStatistics after = engine.statistics();
      double seconds = (System.nanoTime() - start) / 1e9;
      List<EngineStep> steps =
          engine.timeline().stream().filter(step -> step.number() >= before.passes()).toList();
      stop.set(true);
      places.release(sequences);
      source.join();
      long tokens = after.generatedTokens() - before.generatedTokens();
      double depth = 0;
      for (int d = 0; d < after.generatedAtDepth().size(); d++) {
        depth += (d + 1.0) * (after.generatedAtDepth().get(d) - before.generatedAtDepth().get(d));
      }
      return new Run(
          tokens / seconds,
          depth / tokens,
          (double) (after.passRows() - before.passRows()) / (after.passes() - before.passes()),
          steps);
    }
  }
}
