package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.cache.KvPlan;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.routing.ExpertRouting;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.weights.ModelWeights;
import java.util.Arrays;
import java.util.List;

/**
 * Expert-choice: before each recursion its router decides which of the tokens still there go on.
 */
final class ExpertChoiceRouter implements RecursionRouter {
  private static final Workspace.State HIDDEN = Workspace.State.HIDDEN;

  private final KvPlan plan;
  private final ExpertRouting routing;
  private final Backend backend;
  private final RowRunner rows;
  private final List<PreparedLayers> blocks;
  private final List<PreparedRouter> routers;
  private final List<PreparedRouter> auxiliary;

  ExpertChoiceRouter(
      RoutingConfig.ExpertChoice config,
      ModelWeights weights,
      Backend backend,
      RowRunner rows,
      List<PreparedLayers> blocks,
      KvPlan plan) {
    this.plan = plan;
    this.routing = new ExpertRouting(config);
    this.backend = backend;
    this.rows = rows;
    this.blocks = blocks;
    this.routers = weights.routers().stream().map(backend::prepare).toList();
    this.auxiliary = weights.auxiliaryRouters().stream().map(backend::prepare).toList();
  }

  @Override
  public void run(RoutingSettings settings, PassBuffers buffers) {
    int count = buffers.tokens.count;
    int remaining = count;
    for (int r = 0; r < settings.maxRecursions() && remaining > 0; r++) {
      decide(r, remaining, count, settings, buffers);
      for (int i = 0; i < remaining; i++) {
        buffers.gates[i] = buffers.keep[i] ? routing.gate(buffers.z[i]) : 0f;
        buffers.tokens.depths[buffers.active[i]] += buffers.keep[i] ? 1 : 0;
      }
      // With sharing, recursion 0 stores the keys and values of all tokens, also of those that it
      // does not keep.
      boolean all = r == 0 && plan.caching() != Caching.RECURSION_WISE;
      int kept = all ? remaining : keepActive(remaining, buffers);
      runBlock(r, kept, buffers);
      remaining = all ? keepActive(remaining, buffers) : kept;
    }
  }

  /** Fills {@code keep} for the {@code remaining} active rows. */
  private void decide(
      int recursion, int remaining, int tokens, RoutingSettings settings, PassBuffers buffers) {
    backend.route(routers.get(recursion), buffers.active, remaining, buffers.z, buffers.workspace);
    if (settings.mode() == RoutingMode.TOP_K) {
      routing.selectTopK(buffers.z, remaining, routing.topK(recursion, tokens), buffers.keep);
    } else if (routing.takesAll(recursion)) {
      Arrays.fill(buffers.keep, 0, remaining, true);
    } else {
      float[] z = buffers.z;
      if (!auxiliary.isEmpty()) {
        backend.route(
            auxiliary.get(recursion),
            buffers.active,
            remaining,
            buffers.decisions,
            buffers.workspace);
        z = buffers.decisions;
      }
      double threshold = settings.logitThreshold();
      buffers.routers.accept(recursion, remaining, buffers.active, z, threshold);
      for (int i = 0; i < remaining; i++) {
        buffers.keep[i] = z[i] >= threshold;
      }
    }
  }

  /** Closes the ranks of the rows that are kept, with their gates; returns how many they are. */
  private static int keepActive(int remaining, PassBuffers buffers) {
    int kept = 0;
    for (int i = 0; i < remaining; i++) {
      if (buffers.keep[i]) {
        buffers.active[kept] = buffers.active[i];
        buffers.gates[kept] = buffers.gates[i];
        kept++;
      }
    }
    return kept;
  }

  private void runBlock(int r, int active, PassBuffers buffers) {
    PreparedLayers block = blocks.get(r);
    switch (plan.blockMode(r)) {
      case APPEND -> rows.runAppending(block, active, r, HIDDEN, true, buffers);
      case READ -> rows.runReading(block, active, HIDDEN, true, buffers);
      case OVERLAY -> rows.runOverlaying(block, active, r, buffers);
    }
  }
}
