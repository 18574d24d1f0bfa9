package dev.mor4j.benchmarks.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.runtime.DepthBatching;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What can be said of the simulation on paper; its time is its own, so nothing here is measured.
 */
class ScalingSimulationTest {
  private static final double[] THIRDS = {1 / 3.0, 1 / 3.0, 1 / 3.0};

  @TempDir Path folder;

  private double rate(double balance, double[] spread, DepthBatching batching) throws IOException {
    return new ScalingSimulation(System.out, folder).rate(balance, 0.7, spread, 32, batching, 0);
  }

  @Test
  void whereOnlyRowsCostTheBoundIsReached() throws IOException {
    double with = rate(1, THIRDS, DepthBatching.CONTINUOUS);
    assertThat(with / rate(1, THIRDS, DepthBatching.PADDED))
        .isCloseTo((0.7 + 3) / (0.7 + 2), within(0.03));
    assertThat(with / rate(1, THIRDS, DepthBatching.OFF)).isCloseTo(1, within(0.01));
  }

  @Test
  void whereOnlyWeightsCostThoseThatWaitCostNothingMore() throws IOException {
    double padded = rate(1e6, THIRDS, DepthBatching.PADDED);
    assertThat(rate(1e6, THIRDS, DepthBatching.OFF) / padded).isCloseTo(1, within(1e-3));
    assertThat(rate(1e6, THIRDS, DepthBatching.CONTINUOUS) / padded).isBetween(1.02, 1.37);
  }

  @Test
  void equalDepthsGainNothing() throws IOException {
    double[] deep = {0, 0, 1};
    for (double balance : new double[] {1, 1e6}) {
      assertThat(
              rate(balance, deep, DepthBatching.CONTINUOUS)
                  / rate(balance, deep, DepthBatching.PADDED))
          .isCloseTo(1, within(0.01));
    }
  }
}
