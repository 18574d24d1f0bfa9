package dev.mor4j.benchmarks.run;

import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.benchmarks.simulation.SimulatedBackend;
import dev.mor4j.benchmarks.simulation.SimulatedScheduler;
import dev.mor4j.runtime.schedule.SchedulerCounters;
import dev.mor4j.runtime.schedule.SchedulerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
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
 * What a step of the scheduler costs beside its model: who is due, pages, rows, decisions, exits
 * and tokens given, on a {@link SimulatedBackend} that computes nothing. As many sequences as there
 * are places go on all the time; those that end are followed by others.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class SchedulerBenchmark {
  private static final int TEXT = 256;

  /** A third of the tokens at each depth. */
  private static final double[] THIRDS = {1 / 3.0, 1 / 3.0, 1 / 3.0};

  /** Sequences at a time. */
  @Param({"32", "256"})
  public int sequences;

  /** Tokens of each prompt. */
  @Param("128")
  public int context;

  private final SplittableRandom random = new SplittableRandom(Texts.SEED);
  private Path folder;
  private SimulatedScheduler simulated;

  @Setup(Level.Trial)
  public void open() throws IOException {
    folder = Files.createTempDirectory("mor4j-scheduler-");
    SchedulerSettings scheduling =
        new SchedulerSettings(
            sequences,
            2 * sequences + context,
            1L << 30,
            false,
            TimeUnit.SECONDS.toNanos(5),
            new SchedulerSettings.ExitRule(0, 4, false, false));
    simulated = new SimulatedScheduler(folder, THIRDS, 32, 0.7, scheduling);
    // Texts of all lengths are on their way when the measurement begins.
    for (int i = 0; i < 8 * TEXT; i++) {
      step();
    }
  }

  /** A step, and the requests that follow those that ended in it. */
  @Benchmark
  public void step() {
    for (int missing = sequences - simulated.sequences(); missing > 0; missing--) {
      simulated.submit(context, random.nextInt(1, 2 * TEXT));
    }
    simulated.scheduler().step();
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    SchedulerCounters counters = simulated.scheduler().counters();
    System.out.printf(
        Locale.ROOT,
        "%d passes, %.1f rows a pass%n",
        counters.passes(),
        counters.passRows() / (double) counters.passes());
    simulated.close();
    BenchmarkModels.delete(folder);
  }
}
