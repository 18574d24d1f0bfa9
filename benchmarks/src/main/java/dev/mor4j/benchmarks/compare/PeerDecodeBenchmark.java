package dev.mor4j.benchmarks.compare;

import dev.mor4j.benchmarks.run.DecodeBenchmark;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * As {@link DecodeBenchmark}, of another engine: from the first new token of each of {@code batch}
 * sequences to {@value #TOKENS} more of each. The score is the tokens per second of one sequence.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(
    value = 1,
    jvmArgsAppend = {
      PeerState.NATIVE,
      PeerState.VECTORS,
      PeerState.CHANNELS,
      PeerState.UNSAFE,
      PeerState.LEAVE,
      PeerState.LEAVE_STEP
    })
public class PeerDecodeBenchmark {
  static final int TOKENS = 32;

  /** Tokens of the prompt. */
  @Param("32")
  public int context;

  /** Sequences at a time. */
  @Param("1")
  public int batch;

  /** Takes new texts through the model, up to the first new token of each. */
  @Setup(Level.Invocation)
  public void prefill(PeerState state) {
    state.engine().prefill(state.prompts(batch, context), TOKENS);
  }

  /** Generates. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public void greedy(PeerState state, Blackhole blackhole) {
    for (int i = 0; i < TOKENS; i++) {
      blackhole.consume(state.engine().step());
    }
  }
}
