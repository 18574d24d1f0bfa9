package dev.mor4j.runtime.routing;

import dev.mor4j.runtime.format.RoutingConfig;
import java.util.Arrays;

/**
 * The decisions of expert-choice routing (section 2.2.1 of arXiv 2507.10524), from the outputs of a
 * recursion's router. Stateless; any thread.
 *
 * <p>Source: docs/forward-pass.md, section 5, step 3.
 */
public final class ExpertRouting {
  private final RoutingConfig.ExpertChoice config;

  public ExpertRouting(RoutingConfig.ExpertChoice config) {
    this.config = config;
  }

  /** The weight of router output {@code z}: alpha · sigmoid(z), alpha · tanh(z), or z. */
  public float weight(float z) {
    return switch (config.function()) {
      case SIGMOID -> (float) (1 / (1 + Math.exp(-z))) * config.alpha();
      case TANH -> (float) Math.tanh(z) * config.alpha();
      case NONE -> z;
      case SOFTMAX -> throw new IllegalStateException("softmax is for token-choice");
    };
  }

  /**
   * The factor of the block's output for router output {@code z}: its weight, or 1 where gating is
   * additive.
   */
  public float gate(float z) {
    return config.weighted() ? weight(z) : 1f;
  }

  /**
   * How many of {@code tokens} tokens {@code recursion} takes: {@code max(1, ⌊capacity · tokens⌋)}.
   */
  public int topK(int recursion, int tokens) {
    return Math.max(1, (int) (config.capacities().get(recursion) * tokens));
  }

  /**
   * Whether the threshold rule lets every token into {@code recursion}, whatever its router says.
   */
  public boolean takesAll(int recursion) {
    return config.capacities().get(recursion) == 1.0;
  }

  /**
   * Keeps the {@code k} of {@code count} tokens with the largest weights, of equal ones the
   * earlier.
   *
   * @param z outputs of the router, [count]
   * @param keep receives the decisions, [count]
   */
  public void selectTopK(float[] z, int count, int k, boolean[] keep) {
    Arrays.fill(keep, 0, count, k >= count);
    if (k >= count) {
      return;
    }
    // Sorts (weight, order of arrival) as one number: a float's bits order like the float once the
    // sign is folded.
    long[] keys = new long[count];
    for (int i = 0; i < count; i++) {
      float weight = weight(z[i]) + 0f;
      int bits = Float.floatToIntBits(weight);
      int ordered = bits >= 0 ? bits : bits ^ Integer.MAX_VALUE;
      keys[i] = ((long) ordered << Integer.SIZE) | (count - 1 - i);
    }
    Arrays.sort(keys);
    for (int i = count - k; i < count; i++) {
      keep[count - 1 - (int) keys[i]] = true;
    }
  }
}
