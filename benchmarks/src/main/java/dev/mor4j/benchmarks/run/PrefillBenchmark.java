package dev.mor4j.benchmarks.run;

import dev.mor4j.benchmarks.setup.Figures;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.KvStatistics;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.Token;
import dev.mor4j.runtime.TokenStream;
import java.util.Arrays;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Tokens of a prompt per second, up to its first new token: the prompt's length over the score is
 * the time to the first token. A new text each time, in a session that was reset. One session: not
 * to be run with several JMH threads.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class PrefillBenchmark {
  private static final int LONGEST = 512;
  private static final GenerationOptions ONE = GenerationOptions.greedy().withMaxNewTokens(1);

  private int[] text;
  private int length;
  private long heapBytes;

  /** Draws a text. */
  @Setup(Level.Invocation)
  public void newText(ModelState state) {
    state.session().reset();
    text = state.texts().next(LONGEST);
  }

  /** A short prompt: weights are read for few tokens, so memory still counts. */
  @Benchmark
  @OperationsPerInvocation(32)
  public Token tokens32(ModelState state) {
    return prefill(state, 32);
  }

  /** A prompt of one full pass. */
  @Benchmark
  @OperationsPerInvocation(128)
  public Token tokens128(ModelState state) {
    return prefill(state, 128);
  }

  /** A prompt of several passes; attention shows. */
  @Benchmark
  @OperationsPerInvocation(LONGEST)
  public Token tokens512(ModelState state) {
    return prefill(state, LONGEST);
  }

  private Token prefill(ModelState state, int tokens) {
    length = tokens;
    int[] prompt = Arrays.copyOf(text, tokens);
    long before = Figures.allocatedBytes();
    try (TokenStream stream = state.session().stream(prompt, ONE)) {
      Token first = stream.next();
      heapBytes = Figures.allocatedBytes() - before;
      return first;
    }
  }

  /** Counts depths and memory, outside the measured time. */
  @TearDown(Level.Invocation)
  public void count(ModelState state) {
    MorSession session = state.session();
    long depths = Arrays.stream(session.depths(), 0, length).asLongStream().sum();
    KvStatistics kv = session.kvStatistics();
    state.figures().add(length, heapBytes, depths, kv.usedBytes(), kv.tokens());
  }
}
