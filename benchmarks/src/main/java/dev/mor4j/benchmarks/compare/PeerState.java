package dev.mor4j.benchmarks.compare;

import dev.mor4j.benchmarks.peers.PeerEngine;
import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.Texts;
import java.io.IOException;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/** A model opened by another engine, and prompts: another one each time, the same in each run. */
@State(Scope.Benchmark)
public class PeerState {
  /** JVM options of a fork: what the engines need, and no waiting for threads they leave behind. */
  static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

  static final String VECTORS = "--add-modules=jdk.incubator.vector";
  static final String CHANNELS = "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED";
  static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";
  static final String LEAVE = "-Djmh.shutdownTimeout=1";
  static final String LEAVE_STEP = "-Djmh.shutdownTimeout.step=1";

  /** llama.cpp or jlama. */
  @Param({PeerModels.LLAMA_CPP, PeerModels.JLAMA})
  public String engine;

  @Param({"360m-vanilla", "135m-vanilla"})
  public String model;

  /** Of the matrices: q8_0, bf16, f16, f32 (llama.cpp); q4, bf16, f32 (jlama). */
  @Param("bf16")
  public String type;

  @Param({"1", "2"})
  public int threads;

  /** Flash attention, where the engine leaves the choice: on or off. */
  @Param("off")
  public String flash;

  private final SplittableRandom random = new SplittableRandom(Texts.SEED);
  private PeerEngine opened;
  private int vocabulary;

  /** Makes the model where it does not exist yet, and opens it. */
  @Setup(Level.Trial)
  public void open(BenchmarkParams benchmark) throws IOException {
    String context = benchmark.getParam("context");
    String batch = benchmark.getParam("batch");
    // The last id ends a text in these engines.
    vocabulary = BenchmarkModels.architecture(model).vocabulary() - 1;
    opened =
        PeerModels.open(
            engine,
            model,
            type,
            threads,
            flash.equals("on"),
            (context == null ? PeerPrefillBenchmark.TOKENS : Integer.parseInt(context))
                + PeerDecodeBenchmark.TOKENS
                + 2,
            batch == null ? 1 : Integer.parseInt(batch));
  }

  /** Closes the model. */
  @TearDown(Level.Trial)
  public void close() {
    opened.close();
  }

  PeerEngine engine() {
    return opened;
  }

  /** New prompts of {@code length} evenly drawn tokens. */
  int[][] prompts(int count, int length) {
    int[][] prompts = new int[count][];
    for (int i = 0; i < count; i++) {
      prompts[i] = random.ints(length, 0, vocabulary).toArray();
    }
    return prompts;
  }
}
