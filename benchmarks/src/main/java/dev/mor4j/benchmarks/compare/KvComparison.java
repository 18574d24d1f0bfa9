package dev.mor4j.benchmarks.compare;

import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/**
 * What the KV caches of a model with a router hold beside those of the dense model of its size, and
 * how many sequences of an engine fit the same budget:
 *
 * <pre>
 *   -p size=135m  -p mor=mor3  -p dtype=int8  -p kv=int8  -p context=512  -p budget=256 (MiB)
 * </pre>
 *
 * <p>{@code -p model=DIR,DIR} takes converted models instead, and holds the others against the
 * first. Counts bytes and sequences, no time.
 */
public final class KvComparison {
  private static final int NEW_TOKENS = 64;
  private static final int MOST_SEQUENCES = 512;

  /** What an engine held: most sequences at a time, and bytes of whole texts. */
  private record Held(int sequences, double bytesPerSequence, double depth, long preemptions) {}

  private KvComparison() {}

  public static void run(CommandLineOptions given, PrintStream out)
      throws IOException, InterruptedException {
    String size = value(given, "size", "135m");
    String dtype = value(given, "dtype", "int8");
    String kv = value(given, "kv", "int8");
    int context = Integer.parseInt(value(given, "context", "512"));
    long budget = Long.parseLong(value(given, "budget", "256")) << 20;
    out.printf(
        Locale.ROOT,
        "# %s caches, texts of %d tokens, a budget of %d MiB%n",
        kv,
        context,
        budget >> 20);
    List<String> models = PeerCheck.values(given, "model", List.of());
    if (!models.isEmpty()) {
      Held first = null;
      for (String model : models) {
        String stored = value(given, "dtype", BenchmarkModels.dtype(model, dtype));
        Held held = held(model, stored, kv, context, budget, out);
        if (first == null) {
          first = held;
        } else {
          compare(model, models.getFirst(), held, first, out);
        }
      }
      return;
    }
    Held dense = held(size + "-vanilla", dtype, kv, context, budget, out);
    for (String mor : PeerCheck.values(given, "mor", List.of("mor2", "mor3", "mor4"))) {
      Held routed = held(size + "-" + mor, dtype, kv, context, budget, out);
      compare(size + "-" + mor, "vanilla", routed, dense, out);
    }
  }

  private static void compare(String name, String beside, Held held, Held other, PrintStream out) {
    out.printf(
        Locale.ROOT,
        "%s ÷ %s: bytes held %.3f, sequences that fit %.2f%n",
        name,
        beside,
        held.bytesPerSequence() / other.bytesPerSequence(),
        (double) held.sequences() / other.sequences());
  }

  private static String value(CommandLineOptions given, String name, String otherwise) {
    return PeerCheck.values(given, name, List.of(otherwise)).getFirst();
  }

  private static Held held(
      String name, String dtype, String kv, int context, long budget, PrintStream out)
      throws IOException, InterruptedException {
    ModelOptions options =
        ModelOptions.defaults().withKvCache(KvCacheType.valueOf(kv.toUpperCase(Locale.ROOT)));
    EngineOptions engineOptions =
        EngineOptions.defaults()
            .withMaxSequences(MOST_SEQUENCES)
            .withMaxQueued(MOST_SEQUENCES)
            .withKvBytes(budget)
            .withPrefixCache(false);
    try (MorModel model = MorModel.open(BenchmarkModels.folder(name, dtype), options);
        MorEngine engine = model.newEngine(engineOptions)) {
      Texts texts = Texts.of(model);
      List<Generation> all = new ArrayList<>();
      // More than fit at any time.
      long least = budget / (512L * context);
      for (int i = 0; i < Math.clamp(least, 8, 200); i++) {
        all.add(
            engine.submit(
                GenerationRequest.of(texts.next(context - NEW_TOKENS + 1))
                    .withGeneration(GenerationOptions.greedy().withMaxNewTokens(NEW_TOKENS))));
      }
      int most = 0;
      while (!all.getLast().result().isDone()) {
        most = Math.max(most, engine.statistics().running());
        Thread.sleep(20);
      }
      long bytes = 0;
      double depths = 0;
      for (Generation generation : all) {
        GenerationResult result = generation.result().join();
        bytes += result.kv().heldBytes();
        depths += result.promptDepths().stream().mapToInt(d -> d).average().orElse(0);
      }
      EngineStatistics statistics = engine.statistics();
      Held held =
          new Held(
              most, (double) bytes / all.size(), depths / all.size(), statistics.preemptions());
      out.printf(
          Locale.ROOT,
          "# %-14s %d texts, mean depth %.2f: %.2f MiB held by each, at most %d at a time, %d"
              + " preemptions%n",
          name,
          all.size(),
          held.depth(),
          held.bytesPerSequence() / (1 << 20),
          held.sequences(),
          held.preemptions());
      return held;
    }
  }
}
