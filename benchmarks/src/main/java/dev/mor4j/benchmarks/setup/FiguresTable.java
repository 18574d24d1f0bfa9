package dev.mor4j.benchmarks.setup;

import java.io.PrintStream;
import java.util.Collection;
import java.util.Locale;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * The results, one line each:
 *
 * <pre>
 *   tok/s     tokens per second of one sequence, ± half the 99.9 % interval over the iterations
 *   depth     mean recursions of the tokens computed
 *   rate      decoding: GB/s of weights read; prefill: GFLOP/s of the layers' matrices
 *   heap      Java heap bytes allocated per token
 *   kv        bytes of keys and values per token of the text
 *   off-heap  MB of mapped weights + MB of everything else
 * </pre>
 */
public final class FiguresTable {
  private FiguresTable() {}

  public static void print(Collection<RunResult> results, PrintStream out) {
    String line = "%-14s %-6s %-8s %3s %-20s %9s %8s %6s %14s %8s %8s %15s%n";
    out.println();
    out.printf(
        Locale.ROOT,
        line,
        "model",
        "dtype",
        "kernels",
        "thr",
        "benchmark",
        "tok/s",
        "±",
        "depth",
        "rate",
        "heap B",
        "kv B",
        "off-heap MB");
    for (RunResult result : results) {
      BenchmarkParams params = result.getParams();
      if (params.getParam("model") == null) {
        // Computes no tokens: what JMH prints says all.
        continue;
      }
      Result<?> score = result.getPrimaryResult();
      out.printf(
          Locale.ROOT,
          line,
          params.getParam("model"),
          params.getParam("dtype"),
          params.getParam("kernels"),
          params.getParam("threads"),
          label(params),
          number(score.getScore()),
          number(score.getScoreError()),
          value(result, FiguresProfiler.DEPTH, "%.2f"),
          rate(result, score.getScore()),
          value(result, FiguresProfiler.HEAP, "%.0f"),
          value(result, FiguresProfiler.KV, "%.0f"),
          value(result, FiguresProfiler.WEIGHTS, "%.1f")
              + " + "
              + value(result, FiguresProfiler.WORKING, "%.1f"));
    }
    out.println("# A shared or throttling machine makes these indicative only.");
  }

  private static String label(BenchmarkParams params) {
    String name = params.getBenchmark();
    String context = params.getParam("context");
    return name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1)
            .replace("Benchmark.", ".")
            .toLowerCase(Locale.ROOT)
        + (context == null ? "" : " @" + context);
  }

  private static String rate(RunResult result, double tokensPerSecond) {
    Result<?> work = result.getSecondaryResults().get(FiguresProfiler.WORK);
    if (work == null) {
      return "-";
    }
    boolean bytes = work.getScoreUnit().startsWith("MB");
    double rate = work.getScore() * tokensPerSecond / 1e3;
    return String.format(Locale.ROOT, "%.1f %s", rate, bytes ? "GB/s" : "GFLOP/s");
  }

  private static String value(RunResult result, String label, String format) {
    Result<?> found = result.getSecondaryResults().get(label);
    return found == null ? "-" : String.format(Locale.ROOT, format, found.getScore());
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.1f", value);
  }
}
