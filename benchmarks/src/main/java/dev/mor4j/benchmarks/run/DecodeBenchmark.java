package dev.mor4j.benchmarks.run;

import dev.mor4j.benchmarks.setup.Figures;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.KvStatistics;
import dev.mor4j.runtime.TokenStream;
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
 * Tokens per second, one at a time, greedy, ids without their text, from a context of {@code
 * context} tokens on: {@value #TOKENS} tokens each time, then a new text. The prefill before them
 * is not measured. One session: not to be run with several JMH threads.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class DecodeBenchmark {
  private static final int TOKENS = 32;
  private static final GenerationOptions GREEDY =
      GenerationOptions.greedy().withMaxNewTokens(TOKENS + 2);

  /** Tokens of the prompt. */
  @Param({"32", "512"})
  public int context;

  private TokenStream stream;
  private long depths;
  private long heapBytes;

  /** Takes a new text through the model, up to its first new token. */
  @Setup(Level.Invocation)
  public void prefill(ModelState state) {
    state.session().reset();
    stream = state.session().stream(state.texts().next(context), GREEDY);
    stream.nextId();
    depths = 0;
  }

  /** Generates. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public void greedy(Blackhole blackhole) {
    long before = Figures.allocatedBytes();
    for (int i = 0; i < TOKENS; i++) {
      blackhole.consume(stream.nextId());
      depths += stream.depth();
    }
    heapBytes = Figures.allocatedBytes() - before;
  }

  /** Counts depths and memory, outside the measured time. */
  @TearDown(Level.Invocation)
  public void count(ModelState state) {
    KvStatistics kv = state.session().kvStatistics();
    state.figures().add(TOKENS, heapBytes, depths, kv.usedBytes(), kv.tokens());
    stream.close();
  }
}
