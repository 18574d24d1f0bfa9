package dev.mor4j.cli.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What growth is, and when it is too much. */
class SoakMeasureTest {
  /** A sample a minute; memory goes up and down by a MiB, and grows by so much in each hour. */
  private static List<SoakSample> hour(long residentAnHour, long threads) {
    List<SoakSample> samples = new ArrayList<>();
    for (int minute = 0; minute <= 60; minute++) {
      long noise = minute % 2 == 0 ? 1 << 20 : 0;
      samples.add(
          new SoakSample(
              minute * 60,
              (300L << 20) + noise + residentAnHour * minute / 60,
              1000,
              (30L << 20) + noise,
              (int) (20 + threads * minute / 60),
              -1,
              minute));
    }
    return samples;
  }

  @Test
  void growthIsTheRiseOfTheFittedLine() {
    assertThat(SoakMeasure.RESIDENT.growth(hour(100L << 20, 0)) / (1 << 20))
        .isCloseTo(100, within(0.5));
    assertThat(SoakMeasure.OFF_HEAP.growth(hour(100L << 20, 0))).isZero();
    assertThat(SoakMeasure.RESIDENT.growth(hour(-(50L << 20), 0))).isNegative();
  }

  @Test
  void noiseIsAllowedAndGrowthIsNot() {
    for (SoakMeasure measure : SoakMeasure.values()) {
      assertThat(measure.problem(hour(0, 0))).as(measure.label()).isEmpty();
    }
    assertThat(SoakMeasure.RESIDENT.problem(hour(200L << 20, 0)))
        .hasValueSatisfying(
            text -> assertThat(text).contains("resident memory grew by", "expected at most"));
    assertThat(SoakMeasure.THREADS.problem(hour(0, 30))).isPresent();
  }

  @Test
  void whatNobodySaysIsUnknownAndDoesNotGrow() {
    assertThat(SoakMeasure.DESCRIPTORS.text(-1)).isEqualTo("unknown");
    assertThat(SoakMeasure.DESCRIPTORS.problem(hour(0, 0))).isEmpty();
  }

  @Test
  void twoSamplesSayNothing() {
    assertThat(SoakMeasure.RESIDENT.growth(hour(1L << 30, 0).subList(0, 2))).isZero();
  }
}
