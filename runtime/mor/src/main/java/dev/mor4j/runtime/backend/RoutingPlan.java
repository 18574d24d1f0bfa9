package dev.mor4j.runtime.backend;

import dev.mor4j.runtime.format.RoutingConfig;
import java.util.List;
import java.util.Optional;

/**
 * How a model gives tokens their depth, as a backend needs it that decides by itself.
 *
 * @param config the rule
 * @param routers that weigh, and by default decide: one a recursion, or the one of token-choice
 * @param auxiliary routers that only decide, one a recursion, where there are any
 * @param bias [N] that token-choice adds for its choice
 */
public record RoutingPlan(
    RoutingConfig config,
    List<PreparedRouter> routers,
    List<PreparedRouter> auxiliary,
    Optional<float[]> bias) {}
