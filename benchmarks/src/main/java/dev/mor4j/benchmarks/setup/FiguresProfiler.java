package dev.mor4j.benchmarks.setup;

import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Reports the {@link Figures} of each iteration and the off-heap memory after it as secondary
 * results, averaged over the iterations. A profiler and not {@code AuxCounters}, which add up over
 * iterations and know no units.
 *
 * <p>Unlike JMH's {@code gc.alloc.rate.norm}, {@code heap} counts what the measured calls allocate,
 * without the prompts and the prefill that prepare an invocation.
 */
public final class FiguresProfiler implements InternalProfiler {
  public static final String DEPTH = "depth";
  static final String HEAP = "heap";
  public static final String KV = "kv";
  public static final String WORK = "work";
  public static final String WEIGHTS = "offheap.weights";
  static final String WORKING = "offheap.other";

  private static volatile Figures running;

  /** Names the figures of the benchmark that runs in this JVM. */
  public static void watch(Figures figures) {
    running = figures;
  }

  @Override
  public String getDescription() {
    return "mor4j: mean depth, heap and KV bytes per token, off-heap memory";
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {}

  @Override
  public Collection<? extends Result<?>> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    Figures figures = running;
    if (figures == null) {
      return List.of();
    }
    return List.of(
        scalar(DEPTH, figures.meanDepth(), "recursions/token"),
        scalar(HEAP, figures.heapBytesPerToken(), "B/token"),
        scalar(KV, figures.kvBytesPerToken(), "B/token"),
        scalar(WORK, figures.workPerToken(), figures.workUnit()),
        scalar(WEIGHTS, figures.mappedBytes() / 1e6, "MB"),
        scalar(WORKING, figures.offHeapBytes() / 1e6, "MB"));
  }

  private static ScalarResult scalar(String label, double value, String unit) {
    return new ScalarResult(label, value, unit, AggregationPolicy.AVG);
  }
}
