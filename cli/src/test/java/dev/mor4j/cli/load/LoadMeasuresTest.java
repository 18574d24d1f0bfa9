package dev.mor4j.cli.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.runtime.LatencyHistogram;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoadMeasuresTest {
  private static final long MILLISECOND = 1_000_000;

  @Test
  void percentilesAreThoseOfTheValues() {
    StageMeasures measures = new StageMeasures();
    for (int i = 1; i <= 1000; i++) {
      measures.sent();
      measures.firstToken(i * MILLISECOND);
      measures.nextToken(5 * MILLISECOND);
      measures.ended(RequestEnd.of(Ending.COMPLETED, "length", 10, 2), 4, 2L * i * MILLISECOND);
    }
    LatencyHistogram first = measures.latencies().firstToken();
    for (double quantile : new double[] {0.5, 0.9, 0.95, 0.99}) {
      assertThat(first.quantileMicros(quantile) / 1e3)
          .isCloseTo(1000 * quantile, within(1000 * quantile * 0.032));
    }
    assertThat(first.maxMicros()).isEqualTo(1_000_000);
    assertThat(measures.latencies().endToEnd().maxMicros()).isEqualTo(2_000_000);
    assertThat(measures.latencies().betweenTokens().quantileMicros(1)).isEqualTo(5000);
    assertThat(measures.latencies().queue().count()).isZero();
    Counts counts = measures.counts();
    assertThat(counts.sent()).isEqualTo(1000);
    assertThat(counts.ended()).isEqualTo(1000);
    assertThat(counts.of(Ending.COMPLETED)).isEqualTo(1000);
    assertThat(counts.promptTokens()).isEqualTo(10_000);
    assertThat(counts.tokens()).isEqualTo(2000);
    assertThat(counts.completedTokens()).isEqualTo(2000);
    assertThat(counts.completedAsked()).isEqualTo(4000);
  }

  @Test
  void endingsAreCountedByReason() {
    StageMeasures measures = new StageMeasures();
    measures.ended(RequestEnd.refused("queue_full"), 1, 0);
    measures.ended(RequestEnd.refused("queue_full"), 1, 0);
    measures.ended(RequestEnd.refused("http_429"), 1, 0);
    for (int i = 0; i < 50; i++) {
      measures.ended(RequestEnd.failed("odd", "failure " + i % 10), 1, 0);
    }
    Counts counts = measures.counts();
    assertThat(counts.reasons().get(Ending.REFUSED))
        .containsOnly(java.util.Map.entry("queue_full", 2L), java.util.Map.entry("http_429", 1L));
    assertThat(counts.of(Ending.FAILED)).isEqualTo(50);
    assertThat(counts.of(Ending.COMPLETED)).isZero();
    assertThat(measures.failures()).hasSize(5).doesNotHaveDuplicates();
  }

  @Test
  void samplesStayFewAndCoverTheWholeTime() {
    SampleSeries series = new SampleSeries(10);
    long last = 0;
    for (long now = 0; now < 200_000; now += 10) {
      if (series.isDue(now)) {
        series.add(sample(now, now, now == 20 ? 999 : 5));
        last = now;
      }
    }
    List<Sample> samples = series.samples();
    assertThat(samples).hasSizeBetween(SampleSeries.MOST / 2 - 1, SampleSeries.MOST);
    assertThat(samples.getFirst().nanos()).isZero();
    assertThat(samples.getLast().nanos()).isEqualTo(last);
    assertThat(samples).isSortedAccordingTo((a, b) -> Long.compare(a.nanos(), b.nanos()));
    assertThat(series.peaks().kvHeldBytes()).isEqualTo(999);
  }

  @Test
  void throughputIsThatOfTheSteadyPart() {
    List<Sample> samples = new ArrayList<>();
    // Nothing in the first two seconds, then 100 tokens a second until 12, and an end until 15.
    for (int second = 0; second <= 15; second++) {
      samples.add(sample(second * 1_000_000_000L, 100L * Math.clamp(second - 2, 0, 10), 0));
    }
    SteadyWindow steady = SteadyWindow.of(samples, 12_000_000_000L, 2e9);
    assertThat(steady.seconds()).isEqualTo(10);
    assertThat(steady.tokensPerSecond()).isEqualTo(100);
    // Requests that take longer than the stage: half of it is steady all the same.
    assertThat(SteadyWindow.of(samples, 12_000_000_000L, 1e12).seconds()).isEqualTo(6);
    // A stage without a sample between begin and end.
    SteadyWindow all = SteadyWindow.of(List.of(samples.get(0), samples.get(15)), 1000, 0);
    assertThat(all.tokensPerSecond()).isCloseTo(1000.0 / 15, within(1e-9));
  }

  @Test
  void linuxTellsOfMemory() {
    assertThat(
            WatchedProcess.residentBytes(
                List.of("VmPeak:\t  900 kB", "VmRSS:\t   123456 kB", "Threads:\t1")))
        .isEqualTo(123456L * 1024);
    assertThat(WatchedProcess.residentBytes(List.of("Threads:\t1"))).isEqualTo(-1);
    assertThat(WatchedProcess.of(Long.MAX_VALUE).residentBytes()).isEqualTo(-1);
  }

  @Test
  void processorsAreSharedWithOthers() {
    int processors = Runtime.getRuntime().availableProcessors();
    ProcessorUse.Reading before =
        ProcessorUse.Reading.of(0, List.of("cpu  10 0 10 100 0 0 0 0 7 0", "cpu0 1 2 3"), 0);
    // A second: of 100 ticks, 80 busy; the process took half of all processors' time.
    ProcessorUse.Reading after =
        ProcessorUse.Reading.of(
            processors * 500_000_000L, List.of("cpu  60 10 15 115 5 5 5 5 9 0"), 1_000_000_000);
    ProcessorUse use = ProcessorUse.between(before, after);
    assertThat(use.process()).isEqualTo(0.5);
    assertThat(use.others()).isCloseTo(0.3, within(1e-9));
    ProcessorUse unknown =
        ProcessorUse.between(
            ProcessorUse.Reading.of(-1, List.of(), 0), ProcessorUse.Reading.of(-1, List.of(), 9));
    assertThat(unknown).isEqualTo(new ProcessorUse(-1, -1));
  }

  private static Sample sample(long nanos, long tokens, long kvBytes) {
    return new Sample(
        nanos, new Sample.Totals(0, 0, 0, tokens), new Sample.Engine(0, 0, kvBytes, 0), 0, 0);
  }
}
