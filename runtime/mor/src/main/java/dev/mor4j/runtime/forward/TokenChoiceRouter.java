package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.backend.PreparedRouting;
import dev.mor4j.runtime.backend.RoutingDecision;
import dev.mor4j.runtime.backend.RoutingPlan;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.routing.TokenRouting;
import dev.mor4j.runtime.weights.ModelWeights;
import java.util.List;
import java.util.Optional;

/**
 * Token-choice: one router gives every token its depth before the first recursion.
 *
 * <p>Source: docs/forward-pass.md, section 6.
 */
final class TokenChoiceRouter implements RecursionRouter {
  private final TokenRouting routing;
  private final Backend backend;
  private final PreparedRouter router;
  private final int recursions;

  /** Null where the backend does not decide by itself. */
  private final PreparedRouting prepared;

  TokenChoiceRouter(RoutingConfig.TokenChoice config, ModelWeights weights, Backend backend) {
    this.routing = new TokenRouting(config, weights.routerBias());
    this.backend = backend;
    this.router = backend.prepare(weights.routers().getFirst());
    this.recursions = weights.config().recursions();
    this.prepared =
        backend
            .prepare(new RoutingPlan(config, List.of(router), List.of(), weights.routerBias()))
            .orElse(null);
  }

  @Override
  public int enter(int[] rows, int count, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    if (prepared != null) {
      decideThere(rows, count, buffers);
      backend.beginRecursions(rows, count, buffers.workspace);
      return count;
    }
    backend.route(router, rows, count, buffers.z, buffers.workspace);
    for (int i = 0; i < count; i++) {
      int row = rows[i];
      int allowed = tokens.settings[row].maxRecursions();
      int last = routing.lastRecursion(buffers.z, i * recursions, recursions, allowed);
      tokens.lastRecursions[row] = last;
      tokens.gates[row] = routing.gate(buffers.z, i * recursions, recursions, last);
      tokens.depths[row] = last + 1;
      tokens.keeps[row] = true;
    }
    backend.beginRecursions(rows, count, buffers.workspace);
    return count;
  }

  /** The decision by the backend, which keeps the gates. */
  private void decideThere(int[] rows, int count, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    RoutingDecision decision = buffers.decision(rows, count);
    decision.isKnown = false;
    backend.decide(prepared, decision, buffers.workspace);
    for (int i = 0; i < count; i++) {
      int row = rows[i];
      tokens.depths[row] = decision.outcome[row];
      tokens.lastRecursions[row] = decision.outcome[row] - 1;
      tokens.keeps[row] = true;
    }
  }

  @Override
  public int next(int[] rows, int count, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    for (int i = 0; i < count; i++) {
      int row = rows[i];
      tokens.keeps[row] = ++tokens.recursions[row] <= tokens.lastRecursions[row];
    }
    return buffers.closeRanks(rows, count);
  }

  @Override
  public void leave(int[] rows, int count, PassBuffers buffers) {
    for (int i = 0; prepared == null && i < count; i++) {
      buffers.leaving[i] = buffers.tokens.gates[rows[i]];
    }
    float[] gates = prepared == null ? buffers.leaving : null;
    backend.endRecursions(rows, gates, count, buffers.workspace);
  }

  @Override
  public Optional<PreparedRouting> prepared() {
    return Optional.ofNullable(prepared);
  }
}
