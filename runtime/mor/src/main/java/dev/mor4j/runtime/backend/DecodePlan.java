package dev.mor4j.runtime.backend;

import java.util.List;
import java.util.Optional;

/**
 * The way of a token through a model, as a backend needs it that takes tokens all the way by
 * itself.
 *
 * @param first layers before the block, or all layers of a model without a router; common cache
 * @param blocks for each recursion the block
 * @param last layers after the block; common cache
 * @param routing how tokens are given their depth; empty without a router
 * @param firstStoresAll whether recursion 0 stores the keys and values of all tokens
 */
public record DecodePlan(
    Optional<PreparedLayers> first,
    List<PreparedLayers> blocks,
    Optional<PreparedLayers> last,
    Optional<PreparedRouting> routing,
    boolean firstStoresAll) {}
