package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.kernel.CudaKernels;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import dev.mor4j.bindings.cuda.kernel.ExpertDecision;
import dev.mor4j.bindings.cuda.kernel.ExpertRule;
import dev.mor4j.bindings.cuda.kernel.Gate;
import dev.mor4j.bindings.cuda.kernel.Outcomes;
import dev.mor4j.bindings.cuda.kernel.Recursion;
import dev.mor4j.bindings.cuda.kernel.Scatter;
import dev.mor4j.bindings.cuda.kernel.TokenDecision;
import dev.mor4j.runtime.backend.PreparedRouting;
import dev.mor4j.runtime.backend.RoutingDecision;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.routing.RoutingSettings;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * The launches by which the device decides how deep tokens go. Outcomes and gates stay there, in
 * the workspace's {@link Decisions}. Borrows the routers; any thread.
 */
final class CudaRouting implements PreparedRouting {
  private final RoutingConfig config;
  private final DeviceQueue queue;
  private final DeviceRouterTable routers;
  private final Optional<DeviceRouterTable> deciders;
  private final Optional<DeviceView> bias;
  private final Gate gate;

  /**
   * @param routers those that weigh, one for each recursion, or the one of token-choice
   * @param deciders those that only decide, where there are any
   * @param bias float32 [N] that token-choice adds for its choice
   */
  CudaRouting(
      RoutingConfig config,
      DeviceQueue queue,
      DeviceRouterTable routers,
      Optional<DeviceRouterTable> deciders,
      Optional<DeviceView> bias) {
    this.config = config;
    this.queue = queue;
    this.routers = routers;
    this.deciders = deciders;
    this.bias = bias;
    this.gate =
        switch (config) {
          case RoutingConfig.ExpertChoice expert ->
              new Gate(expert.alpha(), expert.function(), expert.weighted());
          case RoutingConfig.TokenChoice token ->
              new Gate(token.alpha(), token.function(), token.weighted());
          case RoutingConfig.None none ->
              throw new IllegalArgumentException("a routing without a router");
        };
  }

  private RoutingConfig.ExpertChoice expert() {
    return (RoutingConfig.ExpertChoice) config;
  }

  /** Whether the end of a pass may decide as well. */
  boolean decidesAtTheEndOfPasses() {
    return !isTokenChoice() && routers.isLinear() && deciders.isEmpty();
  }

  /** Whether tokens have their depth before the first recursion. */
  boolean isTokenChoice() {
    return config instanceof RoutingConfig.TokenChoice;
  }

  /** See {@link dev.mor4j.runtime.backend.Backend#decide}. */
  void decide(RoutingDecision decision, CudaWorkspace ws) {
    for (int done = 0; done < decision.count; done += ws.maxRows()) {
      int rows = Math.min(ws.maxRows(), decision.count - done);
      ws.beginTables();
      ws.tables.rows(decision.rows, done, rows);
      for (int i = done; i < done + rows; i++) {
        RoutingSettings settings = decision.settings[decision.rows[i]];
        ws.tables.routing(decision.rows[i], settings.logitThreshold(), settings.maxRecursions());
      }
      DeviceRows list = ws.tables.rows(CudaWorkspace.bucket(rows));
      queue.run(
          stream -> {
            ws.tables.send(stream, RowTables.Part.ROUTING, 0);
            if (isTokenChoice()) {
              decideTokens(stream, list, ws);
            } else {
              decideExpert(stream, decision.recursion, list, ws);
            }
          });
    }
    if (!decision.isKnown) {
      readOutcome(decision, ws);
    }
  }

  private void readOutcome(RoutingDecision decision, CudaWorkspace ws) {
    boolean depths = isTokenChoice();
    Outcomes outcomes = ws.decisions.outcomes();
    DeviceView outcome = depths ? outcomes.depths() : outcomes.keep();
    ws.results.await();
    ws.results.reserve(ws.states() * outcome.element().bytes());
    queue.run(
        stream -> {
          stream.copyToHost(outcome, ws.states(), ws.results.memory(), 0);
          ws.results.usedBy(stream);
        });
    ws.results.await();
    MemorySegment found = ws.results.segment();
    for (int i = 0; i < decision.count; i++) {
      int row = decision.rows[i];
      decision.outcome[row] =
          depths
              ? found.getAtIndex(ValueLayout.JAVA_INT, row)
              : found.get(ValueLayout.JAVA_BYTE, row);
    }
  }

  /** Enqueues the decision of expert-choice whether {@code rows} take part in {@code recursion}. */
  void decideExpert(CudaStream stream, int recursion, DeviceRows rows, CudaWorkspace ws) {
    DeviceView z = ws.activations.z;
    DeviceView decision = z;
    route(stream, routers, recursion, rows, z, ws);
    if (deciders.isPresent() && expert().capacities().get(recursion) != 1.0) {
      decision = ws.activations.decisions;
      route(stream, deciders.get(), recursion, rows, decision, ws);
    }
    CudaKernels.decideExpert(
        stream,
        new ExpertDecision(rows, new ExpertDecision.Scores(z, decision), rule(recursion, ws)));
  }

  /** Enqueues the end of a pass and the decision of its rows about {@code recursion}. */
  void scatterAndDecide(CudaStream stream, Scatter scatter, int recursion, CudaWorkspace ws) {
    CudaKernels.scatterRoute(stream, scatter, rule(recursion, ws), ws.activations.z);
  }

  private ExpertRule rule(int recursion, CudaWorkspace ws) {
    return new ExpertRule(
        routers.table(),
        ws.tables.views().limits,
        ws.decisions.outcomes(),
        gate,
        new Recursion.Fixed(recursion));
  }

  /** Enqueues the decision of token-choice how deep {@code rows} go. */
  void decideTokens(CudaStream stream, DeviceRows rows, CudaWorkspace ws) {
    route(stream, routers, 0, rows, ws.activations.z, ws);
    CudaKernels.decideToken(
        stream,
        new TokenDecision(
            rows,
            ws.activations.z,
            bias,
            ws.tables.views().limits.maxRecursions(),
            ws.decisions.outcomes(),
            gate,
            routers.outs()));
  }

  private static void route(
      CudaStream stream,
      DeviceRouterTable table,
      int recursion,
      DeviceRows rows,
      DeviceView z,
      CudaWorkspace ws) {
    CudaKernels.route(
        stream,
        table.routing(rows, recursion, ws.state(Workspace.State.HIDDEN), z, ws.activations));
  }
}
