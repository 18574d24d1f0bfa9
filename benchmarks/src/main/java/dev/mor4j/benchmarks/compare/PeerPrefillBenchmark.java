package dev.mor4j.benchmarks.compare;

import dev.mor4j.benchmarks.run.PrefillBenchmark;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * As {@link PrefillBenchmark#tokens512}, of another engine: tokens of a prompt per second, up to
 * its first new token. Another prompt each time.
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
public class PeerPrefillBenchmark {
  static final int TOKENS = 512;

  private int[][] prompts;

  /** Draws a text. */
  @Setup(Level.Invocation)
  public void newText(PeerState state) {
    prompts = state.prompts(1, TOKENS);
  }

  /** A prompt of several passes of ours, one of llama.cpp. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public int[] tokens512(PeerState state) {
    return state.engine().prefill(prompts, 0);
  }
}
