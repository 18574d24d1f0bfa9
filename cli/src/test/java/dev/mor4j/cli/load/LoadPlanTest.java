package dev.mor4j.cli.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LoadPlanTest {
  static final int VOCABULARY = 500;

  static Workload workload(long seed) {
    return workload(seed, 0.5);
  }

  private static Workload workload(long seed, double sharedShare) {
    return new Workload(
        seed,
        new PromptSource.Uniform(VOCABULARY),
        new Workload.Lengths(new LengthDistribution(64, 16), new LengthDistribution(256, 64), 2048),
        new Workload.SharedPrefix(20, sharedShare),
        0.25,
        Optional.empty(),
        0);
  }

  @Test
  void theSeedDecidesEverything() {
    LoadPlan plan = new LoadPlan(workload(7), 1);
    LoadPlan again = new LoadPlan(workload(7), 1);
    // In any order: a request is a function of its index.
    for (long index : new long[] {9, 0, 4, 1_000_000_007L}) {
      assertThat(again.request(index)).usingRecursiveComparison().isEqualTo(plan.request(index));
    }
    assertThat(times(again, 2, 100)).isEqualTo(times(plan, 2, 100));
    assertThat(ids(new LoadPlan(workload(8), 1), 0)).isNotEqualTo(ids(plan, 0));
    assertThat(ids(new LoadPlan(workload(7), 2), 0)).isNotEqualTo(ids(plan, 0));
    assertThat(ids(plan, 1)).isNotEqualTo(ids(plan, 0));
  }

  /** So that plans written down once can be repeated with later versions. */
  @Test
  void theSeedDecidesTheSameInEveryVersion() {
    PlannedRequest request = new LoadPlan(workload(1), 1).request(0);
    assertThat(request.maxNewTokens()).isEqualTo(366);
    assertThat(request.seed()).isEqualTo(589_810_855);
    assertThat(Arrays.copyOf(ids(new LoadPlan(workload(1), 1), 0), 4))
        .containsExactly(20, 244, 266, 28);
  }

  @Test
  void arrivalsArePoisson() {
    LoadPlan plan = new LoadPlan(workload(3), 1);
    double rate = 4;
    int count = 20_000;
    List<Double> seconds = times(plan, rate, count);
    double[] gaps = new double[count];
    for (int i = 0; i < count; i++) {
      gaps[i] = seconds.get(i) - (i == 0 ? 0 : seconds.get(i - 1));
    }
    double mean = Arrays.stream(gaps).average().orElseThrow();
    double variance =
        Arrays.stream(gaps).map(gap -> (gap - mean) * (gap - mean)).average().orElseThrow();
    assertThat(mean).isCloseTo(1 / rate, within(0.01));
    // An exponential gap deviates by as much as it is long.
    assertThat(Math.sqrt(variance)).isCloseTo(1 / rate, within(0.01));
    double late = Arrays.stream(gaps).filter(gap -> gap > 1 / rate).count() / (double) count;
    assertThat(late).isCloseTo(Math.exp(-1), within(0.01));
    // Of twice the rate, the same gaps, half as long.
    assertThat(times(plan, 2 * rate, count).get(count - 1))
        .isCloseTo(seconds.get(count - 1) / 2, within(1e-3));
  }

  @Test
  void lengthsAreNormalAndFit() {
    LoadPlan plan = new LoadPlan(workload(5), 1);
    double[] outputs =
        IntStream.range(0, 10_000).mapToDouble(i -> plan.request(i).maxNewTokens()).toArray();
    double mean = Arrays.stream(outputs).average().orElseThrow();
    assertThat(mean).isCloseTo(256, within(2.0));
    double deviation =
        Math.sqrt(Arrays.stream(outputs).map(x -> (x - mean) * (x - mean)).average().orElseThrow());
    assertThat(deviation).isCloseTo(64, within(2.0));
    assertThat(Arrays.stream(outputs).min().orElseThrow()).isGreaterThanOrEqualTo(1);

    Workload tight =
        new Workload(
            5,
            new PromptSource.Uniform(VOCABULARY),
            new Workload.Lengths(
                new LengthDistribution(64, 100), new LengthDistribution(256, 64), 96),
            Workload.SharedPrefix.NONE,
            0,
            Optional.empty(),
            0);
    LoadPlan clipped = new LoadPlan(tight, 1);
    for (int i = 0; i < 2000; i++) {
      PlannedRequest request = clipped.request(i);
      assertThat(request.prompt().length()).isBetween(1, 95);
      assertThat(request.prompt().length() + request.maxNewTokens()).isLessThanOrEqualTo(96);
      assertThat(request.maxNewTokens()).isPositive();
      assertThat(request.cancelAfter()).isEqualTo(PlannedRequest.NEVER);
    }
  }

  @Test
  void aShareBeginsAlikeAndAShareIsCancelled() {
    LoadPlan plan = new LoadPlan(workload(11), 1);
    LoadPlan later = new LoadPlan(workload(11), 2);
    // What all begin with where all do; the share is one of the options that change nothing else.
    int[] prefix = Arrays.copyOf(ids(new LoadPlan(workload(11, 1), 3), 0), 20);
    int sharing = 0;
    int cancelled = 0;
    int count = 4000;
    for (int i = 0; i < count; i++) {
      int[] ids = ids(i % 2 == 0 ? plan : later, i);
      PlannedRequest request = (i % 2 == 0 ? plan : later).request(i);
      int[] begin = Arrays.copyOf(ids, 20);
      sharing += Arrays.equals(begin, prefix) ? 1 : 0;
      if (request.cancelAfter() != PlannedRequest.NEVER) {
        cancelled++;
        assertThat(request.cancelAfter()).isBetween(0, request.maxNewTokens() - 1);
      }
      assertThat(Arrays.stream(ids).allMatch(id -> id >= 0 && id < VOCABULARY)).isTrue();
    }
    assertThat(sharing / (double) count).isCloseTo(0.5, within(0.03));
    assertThat(cancelled / (double) count).isCloseTo(0.25, within(0.03));
  }

  @Test
  void textsGoRound() {
    Workload words =
        new Workload(
            1,
            new PromptSource.TextWords(List.of("a", "b", "c")),
            new Workload.Lengths(new LengthDistribution(7, 0), new LengthDistribution(2, 0), 100),
            Workload.SharedPrefix.NONE,
            0,
            Optional.of(Duration.ofMillis(5)),
            0.5);
    PlannedRequest request = new LoadPlan(words, 1).request(0);
    assertThat(((Prompt.Text) request.prompt()).text()).matches("([abc] ){6}[abc]");
    assertThat("abcabcabc").contains(((Prompt.Text) request.prompt()).text().replace(" ", ""));
    assertThat(request.deadline()).contains(Duration.ofMillis(5));
    assertThat(request.temperature()).isEqualTo(0.5);
    PromptSource ids = new PromptSource.TextIds(new int[] {5, 6});
    LoadPlan plan =
        new LoadPlan(
            new Workload(
                1,
                ids,
                new Workload.Lengths(
                    new LengthDistribution(3, 0), new LengthDistribution(2, 0), 100),
                Workload.SharedPrefix.NONE,
                0,
                Optional.empty(),
                0),
            1);
    assertThat(ids(plan, 0))
        .satisfiesAnyOf(
            found -> assertThat(found).containsExactly(5, 6, 5),
            found -> assertThat(found).containsExactly(6, 5, 6));
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> new LengthDistribution(0, 1)).hasMessageContaining("mean length of 0");
    assertThatThrownBy(() -> new LengthDistribution(1, -1)).hasMessageContaining("deviation of -1");
    assertThatThrownBy(() -> new Arrivals.Open(0)).hasMessageContaining("rate of 0");
    assertThatThrownBy(() -> new Arrivals.Open(Double.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> new Arrivals.Closed(0)).hasMessageContaining("concurrency of 0");
    assertThatThrownBy(() -> new PromptSource.TextWords(List.of())).hasMessageContaining("word");
  }

  private static int[] ids(LoadPlan plan, long index) {
    return ((Prompt.Ids) plan.request(index).prompt()).ids();
  }

  private static List<Double> times(LoadPlan plan, double rate, int count) {
    LoadPlan.ArrivalTimes times = plan.arrivals(new Arrivals.Open(rate));
    List<Double> seconds = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      seconds.add(times.next() / 1e9);
    }
    return seconds;
  }
}
