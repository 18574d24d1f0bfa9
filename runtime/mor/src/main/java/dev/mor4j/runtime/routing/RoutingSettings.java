package dev.mor4j.runtime.routing;

/**
 * What a caller may choose of routing; fixed for the life of a sequence, since its caches follow
 * from it.
 *
 * @param topK whether expert-choice takes the tokens with the largest weights, as many as the
 *     capacity says; otherwise those whose router output reaches the threshold
 * @param maxRecursions recursions that may run, 1 .. N
 * @param logitThreshold least router output that takes part, where the threshold decides; 0 as
 *     trained
 */
public record RoutingSettings(boolean topK, int maxRecursions, double logitThreshold) {
  /** Tokens take part whose router output is {@code logitThreshold} or more: causal. */
  public static RoutingSettings threshold(int maxRecursions, double logitThreshold) {
    return new RoutingSettings(false, maxRecursions, logitThreshold);
  }

  /** As many tokens take part as the capacity says of the whole text: not causal. */
  public static RoutingSettings topK(int maxRecursions) {
    return new RoutingSettings(true, maxRecursions, 0);
  }

  /**
   * The router output whose sigmoid is {@code probability}: 0.5 → 0, 0 → -∞ (always), 1 → +∞
   * (never).
   */
  public static double logit(double probability) {
    return Math.log(probability) - Math.log1p(-probability);
  }
}
