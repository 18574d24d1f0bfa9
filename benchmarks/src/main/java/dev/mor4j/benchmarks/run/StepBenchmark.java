package dev.mor4j.benchmarks.run;

import dev.mor4j.benchmarks.setup.Figures;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.KvStatistics;
import dev.mor4j.runtime.MorSession;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * As {@link DecodeBenchmark}, of {@code batch} sequences in the same passes: {@value #TOKENS} steps
 * each time, then new texts. The score is the tokens per second of one sequence.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class StepBenchmark {
  private static final int TOKENS = 32;
  private static final GenerationOptions FIRST = GenerationOptions.greedy().withMaxNewTokens(1);

  /** Sequences at a time. */
  @Param({"1", "4", "16", "32"})
  public int batch;

  /** Tokens of each prompt. */
  @Param("32")
  public int context;

  private final List<MorSession> sessions = new ArrayList<>();
  private int[] ids;
  private float[] logits;
  private int vocabulary;
  private long heapBytes;

  /** Takes new texts through the model, up to the first new token of each. */
  @Setup(Level.Invocation)
  public void prefill(ModelState state) {
    if (sessions.isEmpty()) {
      vocabulary = state.model().config().architecture().vocabulary();
      ids = new int[batch];
      logits = new float[Math.multiplyExact(batch, vocabulary)];
      for (int i = 0; i < batch; i++) {
        sessions.add(state.closing(state.model().newSession()));
      }
    }
    for (MorSession session : sessions) {
      session.reset();
      session.generate(state.texts().next(context), FIRST, token -> {});
    }
    // Computes the first new tokens, and one more that is as good as any.
    state.model().step(sessions, ids, logits);
  }

  /** Generates. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public void greedy(ModelState state, Blackhole blackhole) {
    long before = Figures.allocatedBytes();
    for (int step = 0; step < TOKENS; step++) {
      for (int i = 0; i < batch; i++) {
        ids[i] = mostLikely(i * vocabulary);
      }
      state.model().step(sessions, ids, logits);
    }
    heapBytes = Figures.allocatedBytes() - before;
    blackhole.consume(logits);
  }

  /** Counts depths and memory, outside the measured time. */
  @TearDown(Level.Invocation)
  public void count(ModelState state) {
    for (MorSession session : sessions) {
      KvStatistics kv = session.kvStatistics();
      int[] depths = session.depths();
      long sum = Arrays.stream(depths, depths.length - TOKENS, depths.length).asLongStream().sum();
      state.figures().add(TOKENS, 0, sum, kv.usedBytes(), kv.tokens());
    }
    // The steps of all sessions together; heap bytes are theirs.
    state.figures().add(0, heapBytes, 0, 0, 0);
  }

  private int mostLikely(int offset) {
    int best = 0;
    float largest = logits[offset];
    for (int id = 1; id < vocabulary; id++) {
      float logit = logits[offset + id];
      if (logit > largest) {
        largest = logit;
        best = id;
      }
    }
    return best;
  }
}
