package dev.mor4j.benchmarks.run;

import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.MorEngine;
import java.util.ArrayList;
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

/**
 * Requests served by an engine: {@code batch} at a time, each with a prompt and {@value #TOKENS}
 * tokens of text, from submission to the last result. The score is the generated tokens per second
 * of one request; prompts, scheduling and sampling take their part of the time.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class EngineBenchmark {
  private static final int TOKENS = 128;
  private static final GenerationOptions GREEDY =
      GenerationOptions.greedy().withMaxNewTokens(TOKENS);

  /** Requests at a time. */
  @Param({"1", "4", "16", "32"})
  public int batch;

  /** Tokens of each prompt. */
  @Param("32")
  public int context;

  private MorEngine engine;
  private final List<GenerationResult> results = new ArrayList<>();

  @Setup(Level.Trial)
  public void open(ModelState state) {
    engine =
        state.closing(state.model().newEngine(EngineOptions.defaults().withMaxSequences(batch)));
  }

  /** Serves. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public void greedy(ModelState state) {
    List<Generation> generations = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      GenerationRequest request = GenerationRequest.of(state.texts().next(context));
      generations.add(engine.submit(request.withGeneration(GREEDY)));
    }
    for (Generation generation : generations) {
      results.add(generation.result().join());
    }
  }

  /** Counts depths and memory, outside the measured time. */
  @TearDown(Level.Invocation)
  public void count(ModelState state) {
    for (GenerationResult result : results) {
      long depths = result.tokens().stream().mapToLong(token -> token.depth()).sum();
      state.figures().add(TOKENS, 0, depths, result.kv().usedBytes(), result.kv().tokens());
    }
    results.clear();
  }
}
