package dev.mor4j.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import org.junit.jupiter.api.Test;

/** Choices against counted draws and against what each filter must leave. */
class SamplerTest {
  private static final float NAN = Float.NaN;

  private static Sampler sampler(double temperature, int topK, double topP, double minP) {
    return new Sampler(4, temperature, topK, topP, minP, 1, 42, new SamplingBuffers());
  }

  /** Shares of 20,000 draws. */
  private static double[] shares(Sampler sampler, float... logits) {
    double[] shares = new double[logits.length];
    for (int i = 0; i < 20_000; i++) {
      shares[sampler.next(logits.clone())] += 1 / 20_000.0;
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
    assertThat(sampler(0, 0, 1, 0).next(new float[] {1, 5, 5, 2})).isEqualTo(1);
    assertThat(sampler(0, 0, 1, 0).next(new float[] {NAN, -1, NAN, -2})).isEqualTo(1);
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
    assertThat(sampler.next(new float[] {3, 2})).isEqualTo(1);
    assertThat(sampler.next(new float[] {-1, -1.5f})).isEqualTo(1);
  }

  @Test
  void unusableLogitsAreSaid() {
    assertThatThrownBy(() -> sampler(0, 0, 1, 0).next(new float[] {NAN, NAN, NAN, NAN}))
        .isInstanceOf(NonFiniteLogitsException.class);
    float low = Float.NEGATIVE_INFINITY;
    assertThatThrownBy(() -> sampler(1, 0, 1, 0).next(new float[] {low, low, NAN, low}))
        .isInstanceOf(NonFiniteLogitsException.class);
  }

  @Test
  void nanIsNeverDrawn() {
    double[] shares = shares(sampler(1, 3, 0.99, 0), 0f, NAN, 0f, Float.NEGATIVE_INFINITY);
    assertThat(shares[1] + shares[3]).isZero();
    assertThat(shares[0]).isBetween(0.45, 0.55);
  }
}
