package dev.mor4j.converter;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;

/**
 * Bytes of the KV cache for each token of a sequence, keys and values in float32. A layer takes
 * {@code 2 · NKV · DH · 4} bytes for a token that it caches.
 *
 * @param vanilla of a model of the same depth with no router: all {@code L} layers
 * @param worst where every token takes part in every recursion
 * @param expected where recursion {@code r} is taken part in by its capacity's share of the tokens
 *     (expert-choice), or by {@code (N - r) / N} of them, as balanced depths have it (token-choice)
 */
public record CacheEstimate(long vanilla, long worst, double expected) {

  /** The estimate for {@code config} (section 2.2 of arXiv 2507.10524). */
  public static CacheEstimate of(ModelConfig config) {
    ArchitectureConfig a = config.architecture();
    long layerBytes = 2L * a.kvHeads() * a.headDim() * Float.BYTES;
    long unique = 2L * config.sharing().uniqueAtEachEnd();
    long vanilla = a.layers() * layerBytes;
    if (config.caching() != Caching.RECURSION_WISE) {
      long shared = (unique + config.blockLayers()) * layerBytes;
      return new CacheEstimate(vanilla, shared, shared);
    }
    double share = 0;
    for (int r = 0; r < config.recursions(); r++) {
      share +=
          switch (config.routing()) {
            case RoutingConfig.None none -> 1;
            case RoutingConfig.ExpertChoice expert -> expert.capacities().get(r);
            case RoutingConfig.TokenChoice token ->
                (double) (config.recursions() - r) / config.recursions();
          };
    }
    return new CacheEstimate(
        vanilla, vanilla, (unique + share * config.blockLayers()) * layerBytes);
  }
}
