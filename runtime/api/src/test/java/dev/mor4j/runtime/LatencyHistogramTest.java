package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
  @Test
  void quantilesAreRightWithinThreePerCent() {
    Random random = new Random(1);
    LatencyHistogram histogram = new LatencyHistogram();
    long[] values = random.doubles(10_000).mapToLong(d -> (long) Math.exp(20 * d)).toArray();
    Arrays.stream(values).forEach(histogram::add);
    Arrays.sort(values);
    for (double q : new double[] {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1}) {
      long exact = values[(int) Math.ceil(q * values.length) - 1];
      assertThat((double) histogram.quantileMicros(q))
          .isCloseTo((double) exact, within(0.032 * (double) exact + 1));
    }
    assertThat(histogram.count()).isEqualTo(10_000);
    assertThat(histogram.sumMicros()).isEqualTo(Arrays.stream(values).sum());
    assertThat(histogram.maxMicros()).isEqualTo(values[9_999]);
    for (long bound : new long[] {0, 5, 1000, 1_000_000, Long.MAX_VALUE}) {
      long exact = Arrays.stream(values).filter(v -> v <= bound).count();
      long most = Arrays.stream(values).filter(v -> v <= (double) bound * 1.032 + 1).count();
      assertThat(histogram.countUpTo(bound)).isBetween(exact, most);
    }
  }

  @Test
  void smallValuesAreExact() {
    LatencyHistogram histogram = new LatencyHistogram();
    for (int i = -3; i < 64; i++) {
      histogram.add(i);
      assertThat(histogram.quantileMicros(1)).isEqualTo(Math.max(0, i));
      assertThat(histogram.countUpTo(Math.max(0, i) - 1)).isEqualTo(i <= 0 ? 0 : i + 3);
    }
  }

  @Test
  void emptyOneAndCopies() {
    LatencyHistogram histogram = new LatencyHistogram();
    assertThat(histogram.quantileMicros(0.5)).isZero();
    assertThat(histogram.meanMicros()).isZero();
    histogram.add(Long.MAX_VALUE);
    LatencyHistogram copy = histogram.copy();
    histogram.add(1);
    assertThat(copy.count()).isEqualTo(1);
    assertThat(copy.maxMicros()).isEqualTo((1L << 40) - 1);
    assertThatThrownBy(() -> copy.quantileMicros(1.5)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> copy.quantileMicros(Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
