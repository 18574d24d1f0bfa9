package dev.mor4j.runtime.backend;

import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.weights.LayerWeights;

/**
 * A decoder layer as one pass uses it.
 *
 * @param weights what it multiplies with
 * @param kvLayer where its keys and values lie in a page
 * @param kvMode what it does with keys and values
 */
public record CachedLayer(LayerWeights weights, int kvLayer, KvMode kvMode) {}
