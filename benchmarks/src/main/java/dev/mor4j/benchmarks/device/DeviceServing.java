package dev.mor4j.benchmarks.device;

import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.runtime.DepthBatching;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Requests served by an engine on a device, from prompt to sampled text: models with a router with
 * continuous depth-wise batching and without, beside the one that has none, in turn.
 */
final class DeviceServing {
  private static final double TEMPERATURE = 1;

  private final Map<String, MorModel> models;
  private final DeviceSettings settings;
  private final DeviceFigures figures;

  private record Case(String name, MorModel model, DepthBatching batching) {}

  private record Run(double tokensPerSecond, double depth, double rowsPerPass) {}

  /**
   * @param models by name, the one without a router first
   */
  DeviceServing(Map<String, MorModel> models, DeviceSettings settings, DeviceFigures figures) {
    this.models = models;
    this.settings = settings;
    this.figures = figures;
  }

  void measure() throws IOException, InterruptedException {
    List<Case> cases = new ArrayList<>();
    models.forEach(
        (name, model) -> {
          cases.add(new Case(name, model, DepthBatching.CONTINUOUS));
          if (model.config().recursions() > 1) {
            cases.add(new Case(name, model, DepthBatching.OFF));
          }
        });
    Map<Case, List<Run>> runs = new LinkedHashMap<>();
    cases.forEach(one -> runs.put(one, new ArrayList<>()));
    for (int round = 0; round < settings.rounds(); round++) {
      for (Case one : cases) {
        runs.get(one).add(measure(one, round));
      }
    }
    for (Case one : cases) {
      add(one, runs.get(one));
    }
    Case vanilla = cases.getFirst();
    for (Case one : cases.subList(1, cases.size())) {
      addRatio(one, runs.get(one), vanilla, runs.get(vanilla));
    }
  }

  private static String label(Case one) {
    return "served, " + one.batching().toString().toLowerCase(Locale.ROOT);
  }

  private void add(Case one, List<Run> runs) throws IOException {
    double[] rates = runs.stream().mapToDouble(Run::tokensPerSecond).sorted().toArray();
    Run last = runs.getLast();
    figures.add(
        label(one),
        one.name(),
        rates[rates.length / 2],
        "tokens/s",
        String.format(
            Locale.ROOT,
            "rounds: %d, %.0f to %.0f; %d sequences, prompts of %d, texts of %d to %d, mean depth"
                + " %.2f, %.1f rows a pass",
            rates.length,
            rates[0],
            rates[rates.length - 1],
            settings.batch(),
            settings.context(),
            shortest(),
            longest(),
            last.depth(),
            last.rowsPerPass()));
  }

  /** Of runs of the same round, so that what slows a round slows both. */
  private void addRatio(Case one, List<Run> runs, Case other, List<Run> others) throws IOException {
    double[] ratios = new double[runs.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = runs.get(i).tokensPerSecond() / others.get(i).tokensPerSecond();
    }
    Arrays.sort(ratios);
    figures.add(
        label(one) + " ÷ " + other.name(),
        one.name(),
        ratios[ratios.length / 2],
        "",
        String.format(Locale.ROOT, "%.3f to %.3f", ratios[0], ratios[ratios.length - 1]));
  }

  private int shortest() {
    return Math.max(1, settings.tokens() / 2);
  }

  private int longest() {
    return settings.tokens() * 5 / 2;
  }

  private Run measure(Case one, int round) throws InterruptedException {
    Semaphore places = new Semaphore(settings.batch());
    AtomicBoolean stop = new AtomicBoolean();
    EngineOptions options =
        EngineOptions.defaults()
            .withMaxSequences(settings.batch())
            .withMaxQueued(settings.batch())
            .withKvBytes(settings.kvBytes())
            .withPrefixCache(false)
            .withDepthBatching(one.batching());
    try (MorEngine engine = one.model().newEngine(options)) {
      Thread source = Thread.ofVirtual().start(() -> submit(engine, places, stop, round));
      EngineStatistics before = engine.statistics();
      // Texts of every length are on their way when the window begins.
      do {
        Thread.sleep(settings.windowMillis() / 2);
        before = engine.statistics();
      } while (before.generatedTokens() < settings.batch());
      long start = System.nanoTime();
      EngineStatistics after;
      do {
        Thread.sleep(settings.windowMillis());
        after = engine.statistics();
      } while (after.generatedTokens() - before.generatedTokens() < settings.batch());
      double seconds = (System.nanoTime() - start) / 1e9;
      stop.set(true);
      places.release(settings.batch());
      source.join();
      return run(before, after, seconds);
    }
  }

  private static Run run(EngineStatistics before, EngineStatistics after, double seconds) {
    double tokens = after.generatedTokens() - before.generatedTokens();
    double depth = 0;
    for (int d = 0; d < after.generatedAtDepth().size(); d++) {
      depth += (d + 1.0) * (after.generatedAtDepth().get(d) - before.generatedAtDepth().get(d));
    }
    return new Run(
        tokens / seconds,
        depth / tokens,
        (after.passRows() - before.passRows()) / (double) (after.passes() - before.passes()));
  }

  /** Keeps as many requests going as the engine has places. */
  private void submit(MorEngine engine, Semaphore places, AtomicBoolean stop, int round) {
    Texts texts = Texts.of(engine.model());
    SplittableRandom random = new SplittableRandom(Texts.SEED + round);
    while (!stop.get()) {
      places.acquireUninterruptibly();
      if (stop.get()) {
        return;
      }
      GenerationOptions generation =
          GenerationOptions.defaults()
              .withTemperature(TEMPERATURE)
              .withSeed(random.nextLong())
              .withMaxNewTokens(random.nextInt(shortest(), longest() + 1));
      Generation submitted =
          engine.submit(
              GenerationRequest.of(texts.next(settings.context())).withGeneration(generation));
      var unused = submitted.result().whenComplete((result, failure) -> places.release());
      Objects.requireNonNull(unused);
    }
  }
}
