package dev.mor4j.benchmarks.compare;

import dev.mor4j.benchmarks.run.DecodeBenchmark;
import dev.mor4j.benchmarks.run.EngineBenchmark;
import dev.mor4j.benchmarks.run.PrefillBenchmark;
import dev.mor4j.benchmarks.run.StepBenchmark;
import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.FiguresProfiler;
import dev.mor4j.benchmarks.setup.MachineRates;
import dev.mor4j.runtime.ProductType;
import dev.mor4j.runtime.format.StrictJson;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Ours beside other engines, with all options of JMH and these parameters:
 *
 * <pre>
 *   -p model=360m-vanilla      -p context=32 (up to 2000)     -p batch=1
 *   -p engine=llama.cpp,jlama  -p type=q8_0,bf16,f16,q4
 *   -p dtype=int8,bf16-packed  -p kv=f32 (ours)               -p mor=mor3 (ours, beside the dense model)
 *   -f 3 (rounds)              -rff peers.json
 * </pre>
 *
 * <p>With several sequences ours is measured twice: steps of open sessions, and requests served by
 * an engine, with their prompts, beside the peer's decoding alone.
 *
 * <p>First each peer is run shortly with every number of threads and with flash attention on and
 * off; its best settings are kept, for decode and prefill apart. Then all run in turn, a JVM each,
 * round after round, so that a machine that changes its speed changes it for all.
 */
public final class PeerComparison {
  private static final int ROUNDS = 3;
  private static final String DECODE = PeerDecodeBenchmark.class.getName() + ".greedy";
  private static final String PREFILL = PeerPrefillBenchmark.class.getName() + ".tokens512";
  private static final String OUR_DECODE = DecodeBenchmark.class.getName() + ".greedy";
  private static final String OUR_STEP = StepBenchmark.class.getName() + ".greedy";
  private static final String OUR_ENGINE = EngineBenchmark.class.getName() + ".greedy";
  private static final String OUR_PREFILL = PrefillBenchmark.class.getName() + ".tokens512";

  /** One benchmark with one value for each of its parameters. */
  private record Case(
      String engine,
      String model,
      String workload,
      String benchmark,
      Map<String, String> settings,
      Map<String, String> parameters,
      int sequences) {}

  private final CommandLineOptions given;
  private final PrintStream out;

  private PeerComparison(CommandLineOptions given, PrintStream out) {
    this.given = given;
    this.out = out;
  }

  public static void run(CommandLineOptions given, PrintStream out) throws IOException {
    new PeerComparison(given, out).run();
  }

  private void run() throws IOException {
    List<Case> cases = new ArrayList<>();
    for (String model : PeerCheck.values(given, "model", List.of("360m-vanilla"))) {
      String usual = BenchmarkModels.dtype(model, "bf16");
      for (String dtype : PeerCheck.values(given, "dtype", List.of(usual))) {
        cases.addAll(ours(model, dtype));
      }
      for (String engine :
          PeerCheck.values(given, "engine", List.of(PeerModels.LLAMA_CPP, PeerModels.JLAMA))) {
        for (String type : PeerCheck.values(given, "type", List.of("q8_0", "bf16", "f16", "q4"))) {
          if (PeerModels.types(engine).contains(type)) {
            PeerModels.file(engine, model, type);
            cases.addAll(peers(engine, model, type));
          }
        }
      }
    }
    Map<Case, List<Measured>> scores = new LinkedHashMap<>();
    cases.forEach(one -> scores.put(one, new ArrayList<>()));
    MachineRates machine = new MachineRates();
    int rounds = given.getForkCount().hasValue() ? given.getForkCount().get() : ROUNDS;
    for (int round = 1; round <= rounds; round++) {
      machine.measure(out);
      for (Case one : cases) {
        Measured found = measure(one, false);
        out.printf(
            Locale.ROOT,
            "# round %d: %s %s %s %s: %.1f tok/s%n",
            round,
            one.model(),
            one.workload(),
            one.engine(),
            one.settings().values(),
            found.tokensPerSecond());
        if (!Double.isNaN(found.tokensPerSecond())) {
          scores.get(one).add(found);
        }
      }
    }
    machine.measure(out);
    List<PeerRow> rows = new ArrayList<>();
    scores.forEach((one, found) -> rows.add(row(one, found, machine)));
    PeerTable.print(rows, out);
    save(rows, machine);
  }

  private static PeerRow row(Case one, List<Measured> found, MachineRates machine) {
    return new PeerRow(
        one.engine(),
        one.model(),
        one.workload(),
        one.settings(),
        found.stream().map(Measured::tokensPerSecond).toList(),
        found.stream().map(measured -> measured.share(one, machine)).toList());
  }

  /**
   * The dense model and, where asked for, the model with a router of the same shape: what a user
   * would run instead.
   */
  private List<Case> ours(String model, String dtype) {
    List<Case> cases = new ArrayList<>(ours(model, model, dtype, Map.of("dtype", dtype)));
    List<String> beside = PeerCheck.values(given, "mor", List.of());
    if (!beside.isEmpty() && BenchmarkModels.isPath(model)) {
      throw new IllegalArgumentException(
          "mor is "
              + beside
              + " for "
              + model
              + ", expected it with a name only: nobody knows which"
              + " folder has the model with a router of the same shape");
    }
    for (String mor : beside) {
      Map<String, String> settings = new LinkedHashMap<>();
      settings.put("mor", mor);
      settings.put("dtype", dtype);
      cases.addAll(ours(model, model.replace("vanilla", mor), dtype, settings));
    }
    return cases;
  }

  private List<Case> ours(String beside, String model, String dtype, Map<String, String> settings) {
    List<Case> cases = new ArrayList<>();
    for (String kv : PeerCheck.values(given, "kv", List.of("f32"))) {
      Map<String, String> named = new LinkedHashMap<>(settings);
      named.put("kv", kv.equals("f32") ? "" : "kv-" + kv);
      Map<String, String> opened = Map.of("model", model, "dtype", dtype, "kv", kv);
      for (String context : contexts()) {
        for (String batch : batches()) {
          boolean alone = batch.equals("1");
          Map<String, String> parameters = new LinkedHashMap<>(opened);
          parameters.put("context", context);
          if (!alone) {
            parameters.put("batch", batch);
          }
          cases.add(
              new Case(
                  PeerModels.OURS,
                  beside,
                  decode(context, batch),
                  alone ? OUR_DECODE : OUR_STEP,
                  named,
                  parameters,
                  Integer.parseInt(batch)));
          if (!alone) {
            Map<String, String> served = new LinkedHashMap<>(named);
            served.put("served", "served");
            cases.add(
                new Case(
                    PeerModels.OURS,
                    beside,
                    decode(context, batch),
                    OUR_ENGINE,
                    served,
                    parameters,
                    Integer.parseInt(batch)));
          }
        }
      }
      cases.add(new Case(PeerModels.OURS, beside, "prefill 512", OUR_PREFILL, named, opened, 1));
    }
    return cases;
  }

  private List<Case> peers(String engine, String model, String type) {
    List<Case> cases = new ArrayList<>();
    for (String context : contexts()) {
      for (String batch : batches()) {
        if (batch.equals("1") || engine.equals(PeerModels.LLAMA_CPP)) {
          cases.add(
              best(
                  engine,
                  model,
                  type,
                  decode(context, batch),
                  DECODE,
                  Map.of("context", context, "batch", batch)));
        }
      }
    }
    cases.add(best(engine, model, type, "prefill 512", PREFILL, Map.of()));
    return cases;
  }

  private List<String> contexts() {
    return PeerCheck.values(given, "context", List.of("32"));
  }

  private List<String> batches() {
    return PeerCheck.values(given, "batch", List.of("1"));
  }

  private static String decode(String context, String batch) {
    return "decode @" + context + (batch.equals("1") ? "" : " × " + batch);
  }

  /** The fastest of all settings that the engine leaves open, by a short run of each. */
  private Case best(
      String engine,
      String model,
      String type,
      String workload,
      String benchmark,
      Map<String, String> more) {
    Case best = null;
    double fastest = Double.NaN;
    List<String> flashes =
        PeerModels.choosesFlash(engine)
            ? PeerCheck.values(given, "flash", List.of("off", "on"))
            : List.of("off");
    for (String threads : PeerCheck.values(given, "threads", List.of("1", "2"))) {
      for (String flash : flashes) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("type", type);
        settings.put("threads", threads + "t");
        settings.put("flash", flash.equals("on") ? "flash" : "");
        Map<String, String> parameters = new LinkedHashMap<>(more);
        parameters.putAll(
            Map.of(
                "engine", engine, "model", model, "type", type, "threads", threads, "flash",
                flash));
        int sequences = Integer.parseInt(more.getOrDefault("batch", "1"));
        Case one = new Case(engine, model, workload, benchmark, settings, parameters, sequences);
        double score = measure(one, true).tokensPerSecond();
        out.printf(
            Locale.ROOT, "# trying %s %s %s: %.1f tok/s%n", workload, engine, settings, score);
        if (best == null || score > fastest || Double.isNaN(fastest)) {
          best = one;
          fastest = score;
        }
      }
    }
    return best;
  }

  /**
   * What one run gave.
   *
   * @param tokensPerSecond of all sequences; NaN where it cannot be had
   * @param work of ours, for a token: MB of weights that are read, or MFLOP of the layers; NaN of
   *     others
   */
  private record Measured(double tokensPerSecond, double work) {
    /** Decoding alone: of the bandwidth of memory. Prefill: of the peak of its number type. */
    double share(Case one, MachineRates machine) {
      double rate = tokensPerSecond * work * 1e6;
      if (one.benchmark().equals(OUR_DECODE)) {
        return rate / machine.bandwidth();
      }
      return one.benchmark().equals(OUR_PREFILL)
          ? rate / machine.peak(products(one.parameters().get("dtype")))
          : Double.NaN;
    }

    private static ProductType products(String dtype) {
      return switch (dtype) {
        case "bf16-packed" -> ProductType.BF16;
        case "int8" -> ProductType.INT8;
        case "int4", "int4-all" -> ProductType.INT4;
        default -> ProductType.F32;
      };
    }
  }

  /** A run in a JVM of its own. */
  private Measured measure(Case one, boolean shortly) {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .parent(shortly ? new OptionsBuilder().build() : given)
            .include("^" + one.benchmark().replace(".", "\\.") + "$")
            .forks(1)
            .verbosity(VerboseMode.SILENT)
            .shouldFailOnError(true);
    one.parameters().forEach(options::param);
    if (one.engine().equals(PeerModels.OURS)) {
      options.addProfiler(FiguresProfiler.class);
    }
    if (shortly) {
      options
          .warmupIterations(1)
          .warmupTime(TimeValue.seconds(1))
          .measurementIterations(2)
          .measurementTime(TimeValue.seconds(1));
    }
    try {
      for (RunResult result : new Runner(options.build()).run()) {
        Result<?> work = result.getSecondaryResults().get(FiguresProfiler.WORK);
        return new Measured(
            result.getPrimaryResult().getScore() * one.sequences(),
            work == null ? Double.NaN : work.getScore());
      }
    } catch (RunnerException e) {
      out.println("# " + one.engine() + " " + one.parameters() + ": " + e.getMessage());
    }
    return new Measured(Double.NaN, Double.NaN);
  }

  private void save(List<PeerRow> rows, MachineRates machine) throws IOException {
    Path file = Path.of(given.getResult().hasValue() ? given.getResult().get() : "peers.json");
    Files.deleteIfExists(file);
    StrictJson.write(
        Map.of("machine", machine.json(), "rows", rows.stream().map(PeerRow::json).toList()), file);
    out.println("# written to " + file);
  }
}
