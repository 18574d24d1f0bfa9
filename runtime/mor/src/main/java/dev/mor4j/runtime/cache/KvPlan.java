package dev.mor4j.runtime.cache;

import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.kv.KvMode;

/**
 * Which caches a sequence has, decided by routing and caching before anything is allocated.
 *
 * <ul>
 *   <li>No router: every token takes part in everything, so one cache serves all layers.
 *   <li>A router: one cache for the unique layers, of all tokens; and for the block one cache a
 *       recursion (recursion-wise), one in all (recursive sharing), or one with an overlay for each
 *       later recursion (sharing with update).
 * </ul>
 *
 * <p>Source: docs/forward-pass.md, section 7.
 *
 * @param commonLayers layers of the cache that all tokens are in; 0 for none
 * @param blockLayers layers of each cache of a recursion; 0 for none
 * @param recursionCaches caches of recursions
 */
public record KvPlan(int commonLayers, int blockLayers, int recursionCaches, Caching caching) {
  /** The plan of a model. */
  public static KvPlan of(ModelConfig config) {
    int unique = 2 * config.sharing().uniqueAtEachEnd();
    int block = config.blockLayers();
    if (config.routing() instanceof RoutingConfig.None) {
      int stored =
          config.caching() == Caching.RECURSION_WISE
              ? config.architecture().layers()
              : unique + block;
      return new KvPlan(stored, 0, 0, config.caching());
    }
    int caches = config.caching() == Caching.SHARED ? 1 : config.recursions();
    return new KvPlan(unique, block, caches, config.caching());
  }

  /**
   * Whether a token that took part in {@code depth} recursions has an entry in the cache of {@code
   * recursion}: sharing stores all tokens in recursion 0.
   */
  public boolean stores(int recursion, int depth) {
    return depth > recursion || (recursion == 0 && caching != Caching.RECURSION_WISE);
  }

  /** Caches of recursions that a token may reach when only {@code maxRecursions} run. */
  public int reachableCaches(int maxRecursions) {
    return Math.min(recursionCaches, maxRecursions);
  }

  /** What the block's layers do with keys and values in {@code recursion}. */
  public KvMode blockMode(int recursion) {
    if (recursion == 0) {
      return KvMode.APPEND;
    }
    return switch (caching) {
      case RECURSION_WISE -> KvMode.APPEND;
      case SHARED -> KvMode.READ;
      case SHARED_UPDATE -> KvMode.OVERLAY;
    };
  }
}
