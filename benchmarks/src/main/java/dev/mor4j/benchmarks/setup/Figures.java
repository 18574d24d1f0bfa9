package dev.mor4j.benchmarks.setup;

import com.sun.management.ThreadMXBean;
import dev.mor4j.runtime.OffHeapMemory;
import dev.mor4j.runtime.format.WeightCost;
import java.lang.management.ManagementFactory;

/**
 * What an iteration counts beside time; {@link FiguresProfiler} reports it. The benchmark's thread
 * writes, and reads after the iteration come from another one.
 */
public final class Figures {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final WeightCost cost;
  private final boolean decoding;
  private long tokens;
  private long heapBytes;
  private long depths;
  private long kvBytes;
  private long kvTokens;
  private long mappedBytes;
  private long offHeapBytes;

  public Figures(WeightCost cost, boolean decoding) {
    this.cost = cost;
    this.decoding = decoding;
  }

  /** Heap bytes that this thread has allocated so far. */
  public static long allocatedBytes() {
    return THREADS.getCurrentThreadAllocatedBytes();
  }

  public synchronized void reset() {
    tokens = 0;
    heapBytes = 0;
    depths = 0;
    kvBytes = 0;
    kvTokens = 0;
  }

  /**
   * Counts an invocation, while its model is open: JMH asks for the figures of the last iteration
   * when the model is closed already.
   *
   * @param newTokens tokens computed
   * @param newHeapBytes heap bytes allocated for them
   * @param depthSum sum of their depths
   * @param usedKvBytes KV entries of the session
   * @param cachedTokens tokens of the session
   */
  public synchronized void add(
      int newTokens, long newHeapBytes, long depthSum, long usedKvBytes, long cachedTokens) {
    tokens += newTokens;
    heapBytes += newHeapBytes;
    depths += depthSum;
    kvBytes += usedKvBytes;
    kvTokens += cachedTokens;
    mappedBytes = OffHeapMemory.bytes(OffHeapMemory.Use.MAPPED_WEIGHTS);
    offHeapBytes = OffHeapMemory.totalBytes() - mappedBytes;
  }

  synchronized double meanDepth() {
    return (double) depths / tokens;
  }

  synchronized double heapBytesPerToken() {
    return (double) heapBytes / tokens;
  }

  synchronized double kvBytesPerToken() {
    return (double) kvBytes / kvTokens;
  }

  /** Decoding: MB of weights read for a token. Prefill: MFLOP of the layers for a token. */
  synchronized double workPerToken() {
    double work = decoding ? cost.decodeBytes(meanDepth()) : cost.layerFlops(meanDepth());
    return work / 1e6;
  }

  /** Bytes of mapped weights after the last invocation. */
  synchronized long mappedBytes() {
    return mappedBytes;
  }

  /** All other off-heap bytes after the last invocation. */
  synchronized long offHeapBytes() {
    return offHeapBytes;
  }

  String workUnit() {
    return decoding ? "MB/token" : "MFLOP/token";
  }
}
