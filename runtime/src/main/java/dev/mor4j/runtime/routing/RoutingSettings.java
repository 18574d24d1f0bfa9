package dev.mor4j.runtime.routing;

import dev.mor4j.runtime.RoutingMode;

/**
 * What a caller may choose of routing; fixed for the life of a sequence, since its caches follow
 * from it.
 *
 * @param mode how expert-choice decides
 * @param maxRecursions recursions that may run, 1 .. N
 * @param logitThreshold least router output that takes part, with {@link RoutingMode#THRESHOLD}; 0
 *     as trained
 */
public record RoutingSettings(RoutingMode mode, int maxRecursions, double logitThreshold) {
  /**
   * The router output whose sigmoid is {@code probability}: 0.5 → 0, 0 → -∞ (always), 1 → +∞
   * (never).
   */
  public static double logit(double probability) {
    return Math.log(probability) - Math.log1p(-probability);
  }
}
