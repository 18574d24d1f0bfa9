package dev.mor4j.runtime.routing;

import dev.mor4j.runtime.format.RoutingConfig;
import java.util.Optional;

/**
 * The decision of token-choice routing (section 2.2.1 of arXiv 2507.10524): one depth a token,
 * before the first recursion. Stateless; any thread.
 *
 * <p>Source: docs/forward-pass.md, section 6.
 */
public final class TokenRouting {
  private final RoutingConfig.TokenChoice config;
  private final float[] bias;

  /**
   * @param bias [N], added for the choice and not for the weight
   */
  public TokenRouting(RoutingConfig.TokenChoice config, Optional<float[]> bias) {
    this.config = config;
    this.bias = bias.orElse(null);
  }

  /**
   * The last recursion that the token runs: the argmax over the first {@code allowed} of its N
   * outputs, of equal ones the first. A token whose outputs are no numbers runs one.
   *
   * @param z outputs of the router; those of this token from {@code offset} on
   * @param outputs N
   * @param allowed recursions that may run
   */
  public int lastRecursion(float[] z, int offset, int outputs, int allowed) {
    int best = 0;
    float largest = Float.NEGATIVE_INFINITY;
    for (int r = 0; r < allowed; r++) {
      float score = probability(z, offset, outputs, r) + (bias == null ? 0 : bias[r]);
      if (score > largest) {
        largest = score;
        best = r;
      }
    }
    return best;
  }

  /** The factor of the token's result when it stops after {@code recursion}: its weight, or 1. */
  public float gate(float[] z, int offset, int outputs, int recursion) {
    return config.weighted() ? probability(z, offset, outputs, recursion) : 1f;
  }

  /** alpha · softmax(z) or alpha · sigmoid(z), of output {@code r}. */
  private float probability(float[] z, int offset, int outputs, int r) {
    return switch (config.function()) {
      case SIGMOID -> (float) (1 / (1 + Math.exp(-z[offset + r]))) * config.alpha();
      case SOFTMAX -> {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < outputs; i++) {
          largest = Math.max(largest, z[offset + i]);
        }
        double sum = 0;
        for (int i = 0; i < outputs; i++) {
          sum += Math.exp(z[offset + i] - largest);
        }
        yield (float) (Math.exp(z[offset + r] - largest) / sum) * config.alpha();
      }
      case TANH, NONE -> throw new IllegalStateException("tanh and none are for expert-choice");
    };
  }
}
