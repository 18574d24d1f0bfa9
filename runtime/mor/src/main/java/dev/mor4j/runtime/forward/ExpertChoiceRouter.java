package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.backend.PreparedRouting;
import dev.mor4j.runtime.backend.RoutingDecision;
import dev.mor4j.runtime.backend.RoutingPlan;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.routing.ExpertRouting;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.weights.ModelWeights;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Expert-choice: before each recursion its router decides which of the tokens still there go on.
 *
 * <p>Source: docs/forward-pass.md, section 5.
 */
final class ExpertChoiceRouter implements RecursionRouter {
  private final ExpertRouting routing;
  private final Backend backend;
  private final List<PreparedRouter> routers;
  private final List<PreparedRouter> auxiliary;

  /** Null where the backend does not decide by itself. */
  private final PreparedRouting prepared;

  /**
   * With sharing, recursion 0 stores the keys and values of all tokens, also of those that it does
   * not keep.
   */
  private final boolean firstStoresAll;

  ExpertChoiceRouter(RoutingConfig.ExpertChoice config, ModelWeights weights, Backend backend) {
    this.routing = new ExpertRouting(config);
    this.backend = backend;
    this.routers = weights.routers().stream().map(backend::prepare).toList();
    this.auxiliary = weights.auxiliaryRouters().stream().map(backend::prepare).toList();
    this.prepared =
        backend.prepare(new RoutingPlan(config, routers, auxiliary, Optional.empty())).orElse(null);
    this.firstStoresAll = weights.config().caching() != Caching.RECURSION_WISE;
  }

  @Override
  public int enter(int[] rows, int count, PassBuffers buffers) {
    decide(0, rows, count, buffers);
    return firstStoresAll ? count : buffers.closeRanks(rows, count);
  }

  @Override
  public int next(int[] rows, int count, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    int deepest = 0;
    for (int i = 0; i < count; i++) {
      int row = rows[i];
      int recursion = ++tokens.recursions[row];
      tokens.keeps[row] &= recursion < tokens.settings[row].maxRecursions();
      deepest = tokens.keeps[row] ? Math.max(deepest, recursion) : deepest;
    }
    for (int recursion = 1; recursion <= deepest; recursion++) {
      int there = 0;
      for (int i = 0; i < count; i++) {
        if (tokens.keeps[rows[i]] && tokens.recursions[rows[i]] == recursion) {
          buffers.group[there++] = rows[i];
        }
      }
      if (there > 0) {
        decide(recursion, buffers.group, there, buffers);
      }
    }
    return buffers.closeRanks(rows, count);
  }

  /** Decides whether {@code rows} take part in {@code recursion}, and with which gates. */
  private void decide(int recursion, int[] rows, int count, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    buffers.gatesAreDecided =
        prepared != null && buffers.mayDecideThere(tokens.settings[rows[0]].topK());
    if (buffers.gatesAreDecided) {
      decideThere(recursion, rows, count, buffers);
      return;
    }
    backend.route(routers.get(recursion), rows, count, buffers.z, buffers.workspace);
    choose(recursion, rows, count, buffers);
    for (int i = 0; i < count; i++) {
      int row = rows[i];
      boolean keep = buffers.chosen[i];
      tokens.keeps[row] = keep;
      tokens.gates[row] = keep ? routing.gate(buffers.z[i]) : 0f;
      tokens.depths[row] += keep ? 1 : 0;
    }
  }

  /** The same by the backend, which keeps the gates. */
  private void decideThere(int recursion, int[] rows, int count, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    RoutingDecision decision = buffers.decision(rows, count);
    decision.recursion = recursion;
    decision.isKnown = routing.takesAll(recursion);
    backend.decide(prepared, decision, buffers.workspace);
    for (int i = 0; i < count; i++) {
      int row = rows[i];
      tokens.keeps[row] = decision.isKnown || decision.outcome[row] != 0;
      tokens.depths[row] += tokens.keeps[row] ? 1 : 0;
    }
  }

  /** Fills {@code chosen} for the rows. */
  private void choose(int recursion, int[] rows, int count, PassBuffers buffers) {
    RoutingSettings[] settings = buffers.tokens.settings;
    if (settings[rows[0]].topK()) {
      int k = routing.topK(recursion, buffers.tokens.count);
      routing.selectTopK(buffers.z, count, k, buffers.chosen);
      return;
    }
    if (routing.takesAll(recursion)) {
      Arrays.fill(buffers.chosen, 0, count, true);
      return;
    }
    float[] z = buffers.z;
    if (!auxiliary.isEmpty()) {
      z = buffers.decisions;
      backend.route(auxiliary.get(recursion), rows, count, z, buffers.workspace);
    }
    if (buffers.routers().isPresent()) {
      double logitThreshold = settings[rows[0]].logitThreshold();
      buffers.routers().get().accept(recursion, count, rows, z, logitThreshold);
    }
    for (int i = 0; i < count; i++) {
      buffers.chosen[i] = z[i] >= settings[rows[i]].logitThreshold();
    }
  }

  @Override
  public void leave(int[] rows, int count, PassBuffers buffers) {}

  @Override
  public Optional<PreparedRouting> prepared() {
    return Optional.ofNullable(prepared);
  }
}
