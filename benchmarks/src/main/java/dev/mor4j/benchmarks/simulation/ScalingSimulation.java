package dev.mor4j.benchmarks.simulation;

import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.runtime.DepthBatching;
import dev.mor4j.runtime.schedule.Scheduler;
import dev.mor4j.runtime.schedule.SchedulerSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * What depth-wise batching gains on machines that are not at hand: the scheduler itself, on a
 * {@link SimulatedBackend}. Prints the tables of docs/performance.md.
 */
public final class ScalingSimulation {
  private static final int TOKENS_A_SEQUENCE = 60;
  private static final int SEQUENCES_LONG = 12;

  /** This machine by what it reaches, this machine by its peak, and an H100 in bfloat16. */
  private static final double[] BALANCES = {4, 17, 295};

  /** First and last layers and head, as a share of the block: the paper's sizes are near 0.7. */
  private static final double[] ENDS = {0.1, 0.7, 1.5};

  private final PrintStream out;
  private final Path folder;

  /**
   * @param folder where the models go that the scheduler is told of
   */
  ScalingSimulation(PrintStream out, Path folder) {
    this.out = out;
    this.folder = folder;
  }

  public static void run(PrintStream out) throws IOException {
    Path folder = Files.createTempDirectory("mor4j-scaling-");
    try {
      new ScalingSimulation(out, folder).tables();
    } finally {
      BenchmarkModels.delete(folder);
    }
  }

  private void tables() throws IOException {
    out.println("Tokens per second with depth-wise batching ÷ without (padded baseline; compacted");
    out.println("baseline), N = 3, a third of the tokens at each depth:");
    out.println();
    out.println("| balance | F₀/F_r | bound | 8 | 32 | 128 | 512 sequences |");
    out.println("|---|---|---|---|---|---|---|");
    double[] thirds = {1 / 3.0, 1 / 3.0, 1 / 3.0};
    for (double balance : BALANCES) {
      for (double ends : ENDS) {
        row(
            String.format(Locale.ROOT, "%.0f | %.1f", balance, ends),
            balance,
            ends,
            thirds,
            8,
            32,
            128,
            512);
      }
    }
    out.println();
    out.println("By depths, 32 and 512 sequences, F₀/F_r = 0.7:");
    out.println();
    out.println("| balance | shares of depths 1, 2, .. | bound | 32 | 512 sequences |");
    out.println("|---|---|---|---|---|");
    double[][] spreads = {
      {0.5, 0.5},
      {0.8, 0.2},
      thirds,
      {0.6, 0.2, 0.2},
      {0, 0, 1},
      {0.25, 0.25, 0.25, 0.25},
      {0.7, 0.1, 0.1, 0.1}
    };
    for (double balance : new double[] {BALANCES[0], BALANCES[2]}) {
      for (double[] spread : spreads) {
        row(
            String.format(Locale.ROOT, "%.0f | %s", balance, shares(spread)),
            balance,
            0.7,
            spread,
            32,
            512);
      }
    }
    exits();
  }

  private static String shares(double[] spread) {
    return String.join(
        ", ", Arrays.stream(spread).mapToObj(s -> String.format(Locale.ROOT, "%.2f", s)).toList());
  }

  /** How many of the sequences that run are best waited for. */
  private void exits() throws IOException {
    out.println();
    out.println(
        "By the least that leave together, as a share of 32 sequences, F₀/F_r = 0.7, ÷ padded:");
    out.println();
    out.println("| balance | shares of depths | 1/32 | 1/4 | 3/8 | 1/2 | 5/8 | 3/4 | 1 |");
    out.println("|---|---|---|---|---|---|---|---|---|");
    double[][] spreads = {{1 / 3.0, 1 / 3.0, 1 / 3.0}, {0.6, 0.2, 0.2}, {0.2, 0.3, 0.5}};
    for (double balance : BALANCES) {
      for (double[] spread : spreads) {
        StringBuilder line = new StringBuilder();
        line.append(String.format(Locale.ROOT, "| %.0f | %s ", balance, shares(spread)));
        double padded = rate(balance, 0.7, spread, 32, DepthBatching.PADDED, 0);
        for (int least : new int[] {1, 8, 12, 16, 20, 24, 32}) {
          double rate = rate(balance, 0.7, spread, 32, DepthBatching.CONTINUOUS, least);
          line.append(String.format(Locale.ROOT, "| %.2f ", rate / padded));
        }
        out.println(line.append("|"));
      }
    }
  }

  private void row(String name, double balance, double ends, double[] spread, int... sequences)
      throws IOException {
    double depth = 0;
    for (int d = 0; d < spread.length; d++) {
      depth += (d + 1) * spread[d];
    }
    StringBuilder line = new StringBuilder();
    double bound = (ends + spread.length) / (ends + depth);
    line.append(String.format(Locale.ROOT, "| %s | %.2f ", name, bound));
    for (int count : sequences) {
      double with = rate(balance, ends, spread, count, DepthBatching.CONTINUOUS, 0);
      double padded = rate(balance, ends, spread, count, DepthBatching.PADDED, 0);
      double off = rate(balance, ends, spread, count, DepthBatching.OFF, 0);
      line.append(String.format(Locale.ROOT, "| %.2f; %.2f ", with / padded, with / off));
    }
    out.println(line.append("|"));
  }

  /** Tokens per unit of time of a run that keeps {@code count} sequences going. */
  double rate(
      double balance, double ends, double[] spread, int count, DepthBatching batching, int least)
      throws IOException {
    SchedulerSettings scheduling =
        new SchedulerSettings(
            count,
            2 * count + 8,
            1L << 30,
            false,
            TimeUnit.SECONDS.toNanos(5),
            new SchedulerSettings.ExitRule(
                least,
                100,
                batching != DepthBatching.CONTINUOUS,
                batching == DepthBatching.PADDED));
    try (SimulatedScheduler simulated =
        new SimulatedScheduler(folder, spread, balance, ends, scheduling)) {
      return drive(simulated, count);
    }
  }

  private static double drive(SimulatedScheduler simulated, int count) {
    Scheduler scheduler = simulated.scheduler();
    int submitted = 0;
    int total = SEQUENCES_LONG * count;
    long tokens = 0;
    long begin = 0;
    // Prompts of one token, so that nothing but texts is measured, without the first and last
    // tenth.
    while (!scheduler.isIdle() || submitted < total) {
      while (submitted < total && simulated.sequences() < count) {
        int length = TOKENS_A_SEQUENCE / 2 + submitted * 7 % TOKENS_A_SEQUENCE;
        simulated.submit(1, length);
        submitted++;
        if (submitted == 2 * count) {
          begin = simulated.now();
          tokens = scheduler.counters().generatedTokens();
        }
        if (submitted == total) {
          long made = scheduler.counters().generatedTokens() - tokens;
          return made / (double) (simulated.now() - begin);
        }
      }
      scheduler.step();
    }
    throw new IllegalStateException("the run ended before it was measured");
  }
}
