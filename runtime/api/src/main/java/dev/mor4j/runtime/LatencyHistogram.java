package dev.mor4j.runtime;

import java.util.Arrays;

/**
 * How often which latency was seen, in microseconds. Buckets grow with the value, each at most 1/32
 * of it wide, so quantiles are right within 3 %. Grows only; {@link #copy()} to read one while it
 * is written elsewhere. Not thread-safe.
 */
public final class LatencyHistogram {
  private static final int SUB_BITS = 5;
  private static final int SUB = 1 << SUB_BITS;

  /** Values from 2^40 µs, 12 days, count as that. */
  private static final long LARGEST = (1L << 40) - 1;

  private final long[] counts;
  private long count;
  private long sum;
  private long largest;

  /** An empty one. */
  public LatencyHistogram() {
    this(new long[bucket(LARGEST) + 1]);
  }

  private LatencyHistogram(long[] counts) {
    this.counts = counts;
  }

  /** Below 2·SUB a bucket a value; from there SUB of them for each doubling. */
  private static int bucket(long micros) {
    int shift = Math.max(0, Long.SIZE - 1 - Long.numberOfLeadingZeros(micros | 1) - SUB_BITS);
    return (shift << SUB_BITS) + (int) (micros >> shift);
  }

  /** The largest value of a bucket. */
  private static long upperEnd(int bucket) {
    if (bucket < 2 * SUB) {
      return bucket;
    }
    int shift = (bucket >> SUB_BITS) - 1;
    return ((long) (bucket - (shift << SUB_BITS) + 1) << shift) - 1;
  }

  /** Counts a latency; a negative one as 0. */
  public void add(long micros) {
    long value = Math.clamp(micros, 0, LARGEST);
    counts[bucket(value)]++;
    count++;
    sum += value;
    largest = Math.max(largest, value);
  }

  /** Latencies counted. */
  public long count() {
    return count;
  }

  /** Their sum in microseconds. */
  public long sumMicros() {
    return sum;
  }

  /** The largest. */
  public long maxMicros() {
    return largest;
  }

  /** Their mean; 0 without any. */
  public double meanMicros() {
    return count == 0 ? 0 : (double) sum / count;
  }

  /**
   * The least latency that {@code quantile} of them do not exceed, to the end of its bucket; 0
   * without any.
   *
   * @param quantile 0 to 1
   */
  public long quantileMicros(double quantile) {
    if (!(quantile >= 0 && quantile <= 1)) {
      throw new IllegalArgumentException("quantile is " + quantile + ", expected 0 to 1");
    }
    long wanted = Math.max(1, (long) Math.ceil(quantile * count));
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= wanted) {
        return Math.min(upperEnd(i), largest);
      }
    }
    return 0;
  }

  /** How many do not exceed {@code micros}, to the end of its bucket. */
  public long countUpTo(long micros) {
    if (micros < 0) {
      return 0;
    }
    int last = bucket(Math.min(micros, LARGEST));
    long seen = 0;
    for (int i = 0; i <= last; i++) {
      seen += counts[i];
    }
    return seen;
  }

  /** A copy that changes no more. */
  public LatencyHistogram copy() {
    LatencyHistogram copy = new LatencyHistogram(Arrays.copyOf(counts, counts.length));
    copy.count = count;
    copy.sum = sum;
    copy.largest = largest;
    return copy;
  }
}
