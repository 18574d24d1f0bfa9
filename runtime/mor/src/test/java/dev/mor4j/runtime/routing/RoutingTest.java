package dev.mor4j.runtime.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.RoutingConfig.RouterFunction;
import dev.mor4j.testing.RoutingCases;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The decisions of both kinds of routing. */
class RoutingTest {
  private static ExpertRouting expert(RouterFunction function, List<Double> capacities) {
    return new ExpertRouting(
        new RoutingConfig.ExpertChoice(
            RoutingConfig.RouterKind.LINEAR, function, 0.1f, 1, true, capacities, false));
  }

  @Test
  void topKTakesTheLargestWeightsAndOfEqualOnesTheEarlier() {
    Random random = new Random(3);
    for (int round = 0; round < 500; round++) {
      RouterFunction function =
          List.of(RouterFunction.SIGMOID, RouterFunction.TANH, RouterFunction.NONE).get(round % 3);
      ExpertRouting routing = expert(function, List.of(1.0));
      int count = 1 + random.nextInt(40);
      float[] z = new float[count];
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        // Coarse values, so that there are ties; some far out, where sigmoid and tanh saturate.
        z[i] = (random.nextInt(9) - 4) * (random.nextInt(4) == 0 ? 20f : 0.5f);
        order.add(i);
      }
      order.sort(Comparator.comparingDouble((Integer i) -> -routing.weight(z[i])));
      int k = 1 + random.nextInt(count);
      boolean[] keep = new boolean[count];
      routing.selectTopK(z, count, k, keep);
      for (int place = 0; place < count; place++) {
        assertThat(keep[order.get(place)]).isEqualTo(place < k);
      }
    }
  }

  @Test
  void capacitySaysHowManyAndAtLeastOne() {
    ExpertRouting routing = expert(RouterFunction.SIGMOID, List.of(1.0, 2 / 3.0, 1 / 3.0));
    assertThat(routing.topK(0, 512)).isEqualTo(512);
    assertThat(routing.topK(1, 512)).isEqualTo(341);
    assertThat(routing.topK(2, 512)).isEqualTo(170);
    assertThat(routing.topK(2, 1)).isEqualTo(1);
    assertThat(routing.takesAll(0)).isTrue();
    assertThat(routing.takesAll(1)).isFalse();
  }

  @Test
  void weightsFollowTheFunction() {
    assertThat(expert(RouterFunction.SIGMOID, List.of(1.0)).weight(0)).isEqualTo(0.05f);
    assertThat(expert(RouterFunction.TANH, List.of(1.0)).weight(100)).isEqualTo(0.1f);
    assertThat(expert(RouterFunction.NONE, List.of(1.0)).weight(-3)).isEqualTo(-3f);
  }

  @Test
  void tokenChoiceTakesTheArgmaxAndTheBiasDecidesButDoesNotWeigh() {
    RoutingConfig.TokenChoice config =
        new RoutingConfig.TokenChoice(
            RoutingConfig.RouterKind.LINEAR, RouterFunction.SOFTMAX, 1, 1, true, true);
    float[] z = {9, 9, (float) Math.log(0.2), (float) Math.log(0.5), (float) Math.log(0.3)};
    TokenRouting plain = new TokenRouting(config, Optional.empty());
    assertThat(plain.lastRecursion(z, 2, 3, 3)).isEqualTo(1);
    assertThat(plain.lastRecursion(z, 2, 3, 1)).isZero();
    TokenRouting biased = new TokenRouting(config, Optional.of(new float[] {0, 0, 0.3f}));
    assertThat(biased.lastRecursion(z, 2, 3, 3)).isEqualTo(2);
    assertThat(biased.gate(z, 2, 3, 2)).isEqualTo(0.3f, org.assertj.core.data.Offset.offset(1e-6f));
  }

  @Test
  void logitIsTheInverseOfSigmoid() {
    assertThat(RoutingSettings.logit(0.5)).isZero();
    assertThat(RoutingSettings.logit(0)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(RoutingSettings.logit(1)).isEqualTo(Double.POSITIVE_INFINITY);
  }

  static List<RoutingCases.Case> cases() throws IOException {
    return RoutingCases.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theRuleGivesWhatTheTableSays(RoutingCases.Case each) {
    for (RoutingCases.TokenCase token : each.tokens()) {
      String what = each.name() + ", z " + Arrays.toString(token.z());
      switch (each.routing()) {
        case RoutingConfig.ExpertChoice expert -> {
          float gate = new ExpertRouting(expert).gate(token.z()[0]);
          token.gate().ifPresent(wanted -> assertGate(gate, wanted, what));
        }
        case RoutingConfig.TokenChoice choice -> {
          TokenRouting rule = new TokenRouting(choice, each.bias());
          int last = rule.lastRecursion(token.z(), 0, token.z().length, token.maxRecursions());
          assertThat(last + 1).as(what).isEqualTo(token.depth());
          float gate = rule.gate(token.z(), 0, token.z().length, last);
          token.gate().ifPresent(wanted -> assertGate(gate, wanted, what));
        }
        case RoutingConfig.None none -> throw new AssertionError(what);
      }
    }
  }

  private static void assertGate(float gate, double wanted, String what) {
    assertThat((double) gate).as(what).isCloseTo(wanted, within(1e-6 * Math.max(1, wanted)));
  }
}
