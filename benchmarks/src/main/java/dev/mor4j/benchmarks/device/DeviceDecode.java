package dev.mor4j.benchmarks.device;

import dev.mor4j.benchmarks.setup.DecodeBytes;
import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.Token;
import dev.mor4j.runtime.TokenStream;
import dev.mor4j.runtime.backend.cuda.DeviceActivity;
import dev.mor4j.runtime.engine.EngineStep;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Decoding and prefill of one model on a device: one sequence, and many in the same passes. */
final class DeviceDecode {
  private final String name;
  private final MorModel model;
  private final DeviceSettings settings;
  private final DeviceFigures figures;
  private final double bandwidth;
  private final DecodeBytes bytes;
  private final Texts texts;

  /** What a measurement gave. */
  private record Run(
      double tokensPerSecond,
      double bytesPerSecond,
      double depth,
      double steps,
      double nanos,
      DeviceActivity.Counts activity) {
    double perStep(long count) {
      return (double) count / steps;
    }

    double nanosPerStep() {
      return nanos / steps;
    }
  }

  /**
   * @param bandwidth what the device's memory gives, bytes a second
   */
  DeviceDecode(
      String name, MorModel model, DeviceSettings settings, DeviceFigures figures, double bandwidth)
      throws IOException {
    this.name = name;
    this.model = model;
    this.settings = settings;
    this.figures = figures;
    this.bandwidth = bandwidth;
    this.bytes = DecodeBytes.of(model);
    this.texts = Texts.of(model);
  }

  void measure() throws IOException {
    List<Run> alone = new ArrayList<>();
    List<Run> together = new ArrayList<>();
    for (int round = 0; round <= settings.rounds(); round++) {
      Run one = decodeOne();
      Run many = decodeMany();
      if (round > 0) {
        alone.add(one);
        together.add(many);
      }
    }
    add("decode, 1 sequence", "a token", alone);
    add("decode, " + settings.batch() + " sequences", "a pass of the block", together);
    prefill();
  }

  private GenerationOptions greedy(int tokens) {
    return GenerationOptions.greedy().withMaxNewTokens(tokens);
  }

  /** The program of the device takes each token all the way; the host waits for its id. */
  private Run decodeOne() {
    int tokens = settings.tokens();
    try (MorSession session = model.newSession();
        TokenStream stream = session.stream(texts.next(settings.context()), greedy(tokens + 2))) {
      // The prompt, and a token that is the first of its kind.
      stream.nextId();
      stream.nextId();
      DeviceActivity.Counts before = DeviceActivity.counts();
      long start = System.nanoTime();
      for (int i = 0; i < tokens; i++) {
        stream.nextId();
      }
      double nanos = System.nanoTime() - start;
      DeviceActivity.Counts activity = DeviceActivity.counts().since(before);
      int[] depths = session.depths();
      // The last token of the text was not computed itself.
      int computed = session.kvStatistics().tokens();
      double[] reaching = reaching(Arrays.copyOfRange(depths, settings.context(), computed));
      double depth = Arrays.stream(reaching).sum();
      double moved =
          bytes.weights().decodeBytes(depth)
              + bytes.keysAndValues(settings.context() + tokens / 2.0, reaching);
      return new Run(
          tokens / nanos * 1e9, moved * tokens / nanos * 1e9, depth, tokens, nanos, activity);
    }
  }

  /** All sequences begin together and have the same length; steps with prompts do not count. */
  private Run decodeMany() {
    int batch = settings.batch();
    EngineOptions options =
        EngineOptions.defaults()
            .withMaxSequences(batch)
            .withMaxQueued(batch)
            .withKvBytes(settings.kvBytes())
            .withPrefixCache(false);
    List<GenerationResult> results = new ArrayList<>();
    List<EngineStep> steps;
    DeviceActivity.Counts before = DeviceActivity.counts();
    DeviceActivity.Counts activity;
    double passes;
    try (MorEngine engine = model.newEngine(options)) {
      List<Generation> generations = new ArrayList<>();
      for (int i = 0; i < batch; i++) {
        generations.add(
            engine.submit(
                GenerationRequest.of(texts.next(settings.context()))
                    .withGeneration(greedy(settings.tokens()))));
      }
      generations.forEach(generation -> results.add(generation.result().join()));
      activity = DeviceActivity.counts().since(before);
      passes = engine.statistics().passes();
      steps = engine.timeline();
    }
    List<EngineStep> decoding =
        steps.stream().filter(s -> s.promptRows() == 0 && s.running() == batch).toList();
    // In a short text every step with a token may have had a prompt beside it.
    boolean none = decoding.stream().allMatch(s -> s.exited() == 0);
    return run(none ? steps : decoding, results, passes, activity);
  }

  private Run run(
      List<EngineStep> steps,
      List<GenerationResult> results,
      double passes,
      DeviceActivity.Counts activity) {
    int[] depths =
        results.stream().flatMap(r -> r.tokens().stream()).mapToInt(Token::depth).toArray();
    double[] reaching = reaching(depths);
    double nanos = steps.stream().mapToDouble(EngineStep::nanos).sum();
    double tokens = steps.stream().mapToDouble(EngineStep::exited).sum();
    long ways = steps.stream().filter(step -> step.exited() > 0).count();
    double moved =
        bytes.passes(steps.size(), ways)
            + tokens * bytes.keysAndValues(settings.context() + settings.tokens() / 2.0, reaching);
    // The counters are of the whole run; a step has its share.
    double share = steps.size() / passes;
    return new Run(
        tokens / nanos * 1e9,
        moved / nanos * 1e9,
        Arrays.stream(reaching).sum(),
        steps.size(),
        nanos,
        new DeviceActivity.Counts(
            Math.round(activity.graphs() * share),
            Math.round(activity.nodes() * share),
            Math.round(activity.enqueueNanos() * share),
            Math.round(activity.waitNanos() * share)));
  }

  /** Share of the tokens that take part in each recursion. */
  private double[] reaching(int[] depths) {
    double[] reaching = new double[model.config().recursions()];
    for (int r = 0; r < reaching.length; r++) {
      int recursion = r;
      reaching[r] =
          Arrays.stream(depths).filter(d -> d > recursion).count() / (double) depths.length;
    }
    return reaching;
  }

  private void add(String what, String step, List<Run> runs) throws IOException {
    runs.sort(Comparator.comparingDouble(Run::tokensPerSecond));
    Run median = runs.get(runs.size() / 2);
    String rounds =
        String.format(
            Locale.ROOT,
            "rounds: %d, %.0f to %.0f; prompts of %d tokens, %d tokens, mean depth %.2f",
            runs.size(),
            runs.getFirst().tokensPerSecond(),
            runs.getLast().tokensPerSecond(),
            settings.context(),
            settings.tokens(),
            median.depth());
    figures.add(what, name, median.tokensPerSecond(), "tokens/s", rounds);
    figures.add(
        what + ": share of bandwidth",
        name,
        median.bytesPerSecond() / bandwidth,
        "",
        String.format(
            Locale.ROOT,
            "%.1f MB of weights, keys and values a step ÷ time ÷ the copy's bandwidth",
            median.bytesPerSecond() * median.nanos() / 1e9 / median.steps() / 1e6));
    DeviceActivity.Counts counts = median.activity();
    figures.add(what + ": graph launches", name, median.perStep(counts.graphs()), step, "");
    figures.add(
        what + ": graph nodes", name, median.perStep(counts.nodes()), step, "kernels and copies");
    figures.add(
        what + ": enqueueing",
        name,
        median.perStep(counts.enqueueNanos()) / 1e3,
        "µs",
        step + "; the host's time without waiting");
    figures.add(what + ": waiting", name, median.perStep(counts.waitNanos()) / 1e3, "µs", step);
    figures.add(what + ": step", name, median.nanosPerStep() / 1e3, "µs", step);
  }

  private void prefill() throws IOException {
    int tokens = Math.min(settings.prefill(), model.config().architecture().maxPositions() - 1);
    double[] rates = new double[settings.rounds()];
    double depth = 0;
    for (int round = -1; round < rates.length; round++) {
      try (MorSession session = model.newSession()) {
        int[] prompt = texts.next(tokens);
        long start = System.nanoTime();
        session.generate(prompt, greedy(1), token -> {});
        double seconds = (System.nanoTime() - start) / 1e9;
        if (round >= 0) {
          rates[round] = tokens / seconds;
          depth = Arrays.stream(session.depths()).limit(tokens).average().orElseThrow();
        }
      }
    }
    Arrays.sort(rates);
    double median = rates[rates.length / 2];
    figures.add(
        "prefill",
        name,
        median,
        "tokens/s",
        String.format(
            Locale.ROOT,
            "rounds: %d, %.0f to %.0f; a prompt of %d tokens and one token of text",
            rates.length,
            rates[0],
            rates[rates.length - 1],
            tokens));
    figures.add(
        "prefill: multiply-adds",
        name,
        median * bytes.weights().layerFlops(depth) / 1e12,
        "TFLOP/s",
        "matrices of the layers");
  }
}
