package dev.mor4j.runtime.forward;

import dev.mor4j.bindings.cpu.KvMode;
import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.cache.KvPlan;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.routing.TokenRouting;
import dev.mor4j.runtime.weights.ModelWeights;
import java.util.List;

/** Token-choice: one router gives every token its depth before the first recursion. */
final class TokenChoiceRouter implements RecursionRouter {
  private static final Workspace.State RECURSION = Workspace.State.RECURSION;

  private final KvPlan plan;
  private final TokenRouting routing;
  private final Backend backend;
  private final RowRunner rows;
  private final List<PreparedLayers> blocks;
  private final PreparedRouter router;
  private final int recursions;

  TokenChoiceRouter(
      RoutingConfig.TokenChoice config,
      ModelWeights weights,
      Backend backend,
      RowRunner rows,
      List<PreparedLayers> blocks,
      KvPlan plan) {
    this.plan = plan;
    this.routing = new TokenRouting(config, weights.routerBias());
    this.backend = backend;
    this.rows = rows;
    this.blocks = blocks;
    this.router = backend.prepare(weights.routers().getFirst());
    this.recursions = weights.config().recursions();
  }

  @Override
  public void run(RoutingSettings settings, PassBuffers buffers) {
    int count = buffers.tokens.count;
    backend.route(router, buffers.active, count, buffers.z, buffers.workspace);
    for (int i = 0; i < count; i++) {
      int last =
          routing.lastRecursion(buffers.z, i * recursions, recursions, settings.maxRecursions());
      buffers.lastRecursion[i] = last;
      buffers.tokens.depths[i] = last + 1;
    }
    backend.beginRecursions(count, buffers.workspace);
    for (int r = 0; r < settings.maxRecursions(); r++) {
      int active = 0;
      for (int i = 0; i < count; i++) {
        if (buffers.lastRecursion[i] >= r) {
          buffers.active[active++] = i;
        }
      }
      if (active == 0) {
        break;
      }
      PreparedLayers block = blocks.get(r);
      if (plan.blockMode(r) == KvMode.READ) {
        rows.runReading(block, active, RECURSION, false, buffers);
      } else {
        rows.runAppending(block, active, r, RECURSION, false, buffers);
      }
    }
    for (int i = 0; i < count; i++) {
      buffers.gates[i] =
          routing.gate(buffers.z, i * recursions, recursions, buffers.lastRecursion[i]);
    }
    backend.endRecursions(buffers.gates, count, buffers.workspace);
  }
}
