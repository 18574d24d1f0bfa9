package dev.mor4j.benchmarks.run;

import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.bindings.cpu.CpuContext;
import dev.mor4j.bindings.cpu.CpuLibrary;
import dev.mor4j.bindings.cpu.SamplingTable;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The choice of one token from its logits on one thread: by the C kernel, in plain Java, and as it
 * was done before, with a heap.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class ChoiceBenchmark {
  /** {@code native}, {@code java} or {@code heap}. */
  @Param({"native", "java", "heap"})
  public String how;

  /** V. */
  @Param({"49152", "151936", "256000"})
  public int vocabulary;

  /** {@code flat}; {@code normal}, as of a model that is not sure; {@code peaked}. */
  @Param({"flat", "normal", "peaked"})
  public String distribution;

  /** What restricts the candidates, all at temperature 0.8. */
  @Param({"none", "top-p", "top-k", "min-p"})
  public String options;

  private Arena arena;
  private CpuContext context;
  private SamplingTable sampling;
  private MemorySegment nativeLogits;
  private MemorySegment token;
  private float[] logits;
  private Sampler sampler;
  private HeapDraw heap;
  private int position;

  /** Makes logits, and everybody who chooses from them. */
  @Setup(Level.Trial)
  @SuppressWarnings("MustBeClosedChecker") // close() does
  public void open() {
    SplittableRandom random = new SplittableRandom(Texts.SEED);
    logits = new float[vocabulary];
    for (int i = 0; i < vocabulary; i++) {
      logits[i] = (float) (random.nextGaussian() * (distribution.equals("flat") ? 1e-3 : 3));
    }
    if (distribution.equals("peaked")) {
      logits[vocabulary / 3] = 30;
    }
    int topK = options.equals("top-k") ? 40 : 0;
    double topP = options.equals("top-p") ? 0.95 : 1;
    double minP = options.equals("min-p") ? 0.05 : 0;
    sampler = new Sampler(vocabulary, 0.8, topK, topP, minP, 1, Texts.SEED, new SamplingBuffers());
    heap = new HeapDraw(vocabulary, 0.8, topK, topP, minP);
    arena = Arena.ofConfined();
    context = new CpuContext(CpuLibrary.instance().bestIsa(), 1, 0);
    sampling = new SamplingTable(arena, 1);
    nativeLogits = arena.allocateFrom(ValueLayout.JAVA_FLOAT, logits);
    token = arena.allocate(ValueLayout.JAVA_INT);
  }

  /** Frees what lies outside the heap. */
  @TearDown(Level.Trial)
  public void close() {
    context.close();
    arena.close();
  }

  /** A token at the next position. */
  @Benchmark
  public int choose() {
    position++;
    return switch (how) {
      case "native" -> chooseNatively();
      case "java" -> sampler.next(logits, position);
      case "heap" -> heap.draw(logits);
      default -> throw new IllegalArgumentException("how: " + how);
    };
  }

  private int chooseNatively() {
    sampling.set(
        0,
        sampler.draw(position),
        sampler.temperature(),
        sampler.topP(),
        sampler.minLog(),
        sampler.topK());
    context.choose(nativeLogits, vocabulary, sampling, 1, token);
    return token.get(ValueLayout.JAVA_INT, 0);
  }
}
