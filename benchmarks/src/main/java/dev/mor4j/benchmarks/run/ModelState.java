package dev.mor4j.benchmarks.run;

import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.Figures;
import dev.mor4j.benchmarks.setup.FiguresProfiler;
import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.StoredTensors;
import dev.mor4j.runtime.format.WeightCost;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/** An opened model with one session; says what it is when it is opened. */
@State(Scope.Benchmark)
public class ModelState {
  @Param({
    "demo",
    "135m-vanilla",
    "135m-mor2",
    "135m-mor3",
    "135m-mor4",
    "360m-vanilla",
    "360m-mor2",
    "360m-mor3",
    "360m-mor4"
  })
  public String model;

  /**
   * {@code f32}, {@code bf16}, {@code bf16-packed}, {@code int8}, {@code int4} or {@code int4-all};
   * {@code stored} for a folder.
   */
  @Param("bf16")
  public String dtype;

  /** auto, avx512-bf16, avx512-vnni, avx512, avx2, portable or java. */
  @Param("auto")
  public String kernels;

  /** Number type of the KV cache: {@code f32}, {@code bf16} or {@code int8}. */
  @Param("f32")
  public String kv;

  /** Where the model is computed: {@code cpu} or {@code cuda}. */
  @Param("cpu")
  public String backend;

  /** Threads of a pass; 0 for all processors. */
  @Param("0")
  public int threads;

  private MorModel opened;
  private MorSession session;
  private final List<AutoCloseable> dependents = new ArrayList<>();
  private Texts texts;
  private Figures figures;

  /** Makes the model where it does not exist yet, and opens it. */
  @Setup(Level.Trial)
  public void open(BenchmarkParams benchmark) throws IOException {
    Path folder = BenchmarkModels.folder(model, dtype);
    ModelOptions options =
        ModelOptions.defaults()
            .withBackend(BackendChoice.find(backend).orElseThrow())
            .withKernels(KernelChoice.find(kernels).orElseThrow())
            .withThreads(threads)
            .withKvCache(KvCacheType.valueOf(kv.toUpperCase(Locale.ROOT)));
    opened = MorModel.open(folder, options);
    texts = Texts.of(opened);
    session = opened.newSession();
    WeightCost cost =
        WeightCost.of(
            opened.config(),
            StoredTensors.of(
                SafetensorsFile.open(folder.resolve("model.safetensors")), opened.config()));
    figures =
        new Figures(cost, benchmark.getBenchmark().startsWith(DecodeBenchmark.class.getName()));
    FiguresProfiler.watch(figures);
    System.out.println();
    System.out.println("# model " + model + ": " + describe(opened.config()));
    System.out.printf(
        Locale.ROOT,
        "# %s, %.1f MB of weights; unique layers %.1f MB, one recursion %.1f MB, head %.1f MB%n",
        folder.getFileName(),
        opened.weightBytes() / 1e6,
        cost.uniqueBytes() / 1e6,
        cost.blockBytes() / 1e6,
        cost.headBytes() / 1e6);
    System.out.println("# kernels: " + opened.backendDescription());
    System.out.println("# seeds: weights " + BenchmarkModels.SEED + ", prompts " + Texts.SEED);
  }

  private static String describe(ModelConfig config) {
    ArchitectureConfig a = config.architecture();
    return String.format(
        Locale.ROOT,
        "H %d, F %d, NH %d, NKV %d, DH %d, L %d, V %d; N %d, sharing %s, routing %s",
        a.hidden(),
        a.intermediate(),
        a.heads(),
        a.kvHeads(),
        a.headDim(),
        a.layers(),
        a.vocabulary(),
        config.recursions(),
        config.sharing().configName(),
        config.routing());
  }

  /** Begins to count anew. */
  @Setup(Level.Iteration)
  public void resetFigures() {
    figures.reset();
  }

  /** Closes what was opened on the model, then the model. */
  @TearDown(Level.Trial)
  public void close() throws Exception {
    for (AutoCloseable each : dependents) {
      each.close();
    }
    dependents.clear();
    session.close();
    opened.close();
  }

  /** Has {@code dependent} closed before the model: JMH says of no state when it is torn down. */
  <T extends AutoCloseable> T closing(T dependent) {
    dependents.add(dependent);
    return dependent;
  }

  MorModel model() {
    return opened;
  }

  MorSession session() {
    return session;
  }

  Texts texts() {
    return texts;
  }

  Figures figures() {
    return figures;
  }
}
