package dev.mor4j.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import dev.mor4j.testing.ChoiceCases;
import dev.mor4j.testing.ReferenceChoice;
import org.junit.jupiter.api.Test;

/** Choices against counted draws and against what each filter must leave. */
class SamplerTest {
  private static final float NAN = Float.NaN;

  private static Sampler sampler(double temperature, int topK, double topP, double minP) {
    return new Sampler(4, temperature, topK, topP, minP, 1, 42, new SamplingBuffers());
  }

  /** Shares of the draws of 20,000 positions. */
  private static double[] shares(Sampler sampler, float... logits) {
    double[] shares = new double[logits.length];
    for (int i = 0; i < 20_000; i++) {
      shares[sampler.next(logits.clone(), i)] += 1 / 20_000.0;
    }
    return shares;
  }

  private static float[] logs(double... probabilities) {
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    return logits;
  }

  @Test
  void greedyTakesTheLargestAndOfEqualOnesTheFirst() {
    assertThat(sampler(0, 0, 1, 0).next(new float[] {1, 5, 5, 2}, 0)).isEqualTo(1);
    assertThat(sampler(0, 0, 1, 0).next(new float[] {NAN, -1, NAN, -2}, 0)).isEqualTo(1);
  }

  @Test
  void drawsAsOftenAsTheProbabilitiesSay() {
    double[] shares = shares(sampler(1, 0, 1, 0), logs(0.5, 0.3, 0.15, 0.05));
    assertThat(shares[0]).isBetween(0.48, 0.52);
    assertThat(shares[1]).isBetween(0.28, 0.32);
    assertThat(shares[3]).isBetween(0.04, 0.06);
  }

  @Test
  void temperatureSharpens() {
    double[] shares = shares(sampler(0.5, 0, 1, 0), logs(0.5, 0.5 / 3, 0.5 / 3, 0.5 / 3));
    // p² over its sum: 0.25 / (0.25 + 3/36) = 0.75
    assertThat(shares[0]).isBetween(0.73, 0.77);
  }

  @Test
  void topKKeepsTheLikeliest() {
    double[] shares = shares(sampler(1, 2, 1, 0), logs(0.1, 0.4, 0.1, 0.4));
    assertThat(shares[0] + shares[2]).isZero();
    assertThat(shares[1]).isBetween(0.48, 0.52);
  }

  @Test
  void topPKeepsTheFewestThatReachTheSum() {
    double[] shares = shares(sampler(1, 0, 0.7, 0), logs(0.05, 0.5, 0.15, 0.3));
    assertThat(shares[0] + shares[2]).isZero();
    assertThat(shares[1]).isBetween(0.60, 0.65);
  }

  @Test
  void topPCountsItsShareOfWhatTopKLeft() {
    // Of {0.4, 0.3} the first alone is 57 %.
    double[] shares = shares(sampler(1, 2, 0.55, 0), logs(0.4, 0.3, 0.2, 0.1));
    assertThat(shares[0]).isEqualTo(1.0, org.assertj.core.data.Offset.offset(1e-9));
  }

  @Test
  void minPKeepsWhatIsLikelyBesideTheLikeliest() {
    double[] shares = shares(sampler(1, 0, 1, 0.5), logs(0.4, 0.25, 0.19, 0.16));
    assertThat(shares[2] + shares[3]).isZero();
    assertThat(shares[1]).isBetween(0.36, 0.41);
  }

  @Test
  void repetitionPenaltyPushesSeenTokensDownOnBothSidesOfZero() {
    Sampler sampler = new Sampler(2, 0, 0, 1, 0, 2, 1, new SamplingBuffers());
    sampler.saw(0);
    assertThat(sampler.next(new float[] {3, 2}, 0)).isEqualTo(1);
    assertThat(sampler.next(new float[] {-1, -1.5f}, 0)).isEqualTo(1);
  }

  @Test
  void unusableLogitsAreSaid() {
    assertThatThrownBy(() -> sampler(0, 0, 1, 0).next(new float[] {NAN, NAN, NAN, NAN}, 0))
        .isInstanceOf(NonFiniteLogitsException.class);
    float low = Float.NEGATIVE_INFINITY;
    assertThatThrownBy(() -> sampler(1, 0, 1, 0).next(new float[] {low, low, NAN, low}, 0))
        .isInstanceOf(NonFiniteLogitsException.class);
  }

  @Test
  void nanIsNeverDrawn() {
    double[] shares = shares(sampler(1, 3, 0.99, 0), 0f, NAN, 0f, Float.NEGATIVE_INFINITY);
    assertThat(shares[1] + shares[3]).isZero();
    assertThat(shares[0]).isBetween(0.45, 0.55);
  }

  /** Chi-square of the draws of one position under 20,000 seeds, and of 20,000 positions. */
  @Test
  void frequenciesAreThoseOfTheSoftmax() {
    float[] logits = new float[40];
    double[] expected = new double[logits.length];
    double mass = 0;
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (i * 7 % 40) * 0.07f;
      expected[i] = Math.exp(logits[i] / 0.8);
      mass += expected[i];
    }
    int draws = 20_000;
    int[] bySeed = new int[logits.length];
    int[] byPosition = new int[logits.length];
    SamplingBuffers buffers = new SamplingBuffers();
    for (int i = 0; i < draws; i++) {
      bySeed[new Sampler(40, 0.8, 0, 1, 0, 1, i, buffers).next(logits, 17)]++;
      byPosition[new Sampler(40, 0.8, 0, 1, 0, 1, 5, buffers).next(logits, i)]++;
    }
    double ofSeeds = 0;
    double ofPositions = 0;
    for (int i = 0; i < logits.length; i++) {
      double mean = draws * expected[i] / mass;
      ofSeeds += (bySeed[i] - mean) * (bySeed[i] - mean) / mean;
      ofPositions += (byPosition[i] - mean) * (byPosition[i] - mean) / mean;
    }
    // 39 degrees of freedom: one in a thousand is above 72.1, one in a thousand below 15.9.
    assertThat(ofSeeds).isBetween(15.9, 72.1);
    assertThat(ofPositions).isBetween(15.9, 72.1);
  }

  @Test
  void choicesDoNotDependOnEarlierOnes() {
    float[] logits = {0, 0.5f, 1, 0.2f};
    Sampler inOrder = sampler(1, 0, 1, 0);
    int[] chosen = new int[50];
    for (int i = 0; i < chosen.length; i++) {
      chosen[i] = inOrder.next(logits, i);
    }
    Sampler backwards = sampler(1, 0, 1, 0);
    for (int i = chosen.length - 1; i >= 0; i--) {
      assertThat(backwards.next(logits, i)).as("position %d", i).isEqualTo(chosen[i]);
    }
    assertThat(chosen).contains(0, 1, 2, 3);
  }

  @Test
  void choicesAreThoseOfTheReference() {
    SamplingBuffers buffers = new SamplingBuffers();
    ChoiceCases.forEach(
        1,
        (what, logits, position, reference) -> {
          Sampler sampler =
              new Sampler(
                  logits.length,
                  reference.temperature(),
                  reference.topK(),
                  reference.topP(),
                  reference.minP(),
                  1,
                  reference.seed(),
                  buffers);
          int expected = reference.choose(logits, position);
          if (expected < 0) {
            assertThatThrownBy(() -> sampler.next(logits, position))
                .as(what)
                .isInstanceOf(NonFiniteLogitsException.class);
          } else {
            assertThat(sampler.next(logits, position)).as(what).isEqualTo(expected);
          }
        });
  }

  @Test
  void weightsAreProbabilitiesAndThoseOfTheReference() {
    ReferenceChoice reference = new ReferenceChoice(1, 0.7, 0, 0.9, 0);
    float scale = TokenWeights.scale(0.7);
    for (int i = 0; i < 50_000; i++) {
      float below = -i * 0.0005f;
      int weight = TokenWeights.weight(below * scale);
      assertThat((long) weight).isEqualTo(reference.weight(below, 0));
      double exact = Math.exp(below / 0.7) * 0x1p30;
      assertThat((double) weight).isBetween(exact * (1 - 2e-6) - 1, exact * (1 + 2e-6));
    }
  }
}
