package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaKernels;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.CudaType;
import dev.mor4j.bindings.cuda.DeviceRows;
import dev.mor4j.bindings.cuda.ExpertDecision;
import dev.mor4j.bindings.cuda.RouterFunction;
import dev.mor4j.bindings.cuda.Routing;
import dev.mor4j.bindings.cuda.Scatter;
import dev.mor4j.bindings.cuda.TokenDecision;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.backend.PreparedRouting;
import dev.mor4j.runtime.backend.RoutingDecision;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.routing.RoutingSettings;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The launches by which the device decides how deep tokens go. Outcomes and gates stay there, in
 * the workspace's {@link Decisions}. Borrows the routers; any thread.
 */
final class CudaRouting implements PreparedRouting {
  private final RoutingConfig config;
  private final DeviceQueue queue;
  private final DeviceShape shape;

  /** Sizes of the routers; all of a kind have the same. */
  private final DeviceRouterTable router;

  /** The same of those that only decide; null without any. */
  private final DeviceRouterTable decider;

  /** Addresses of {@code mor4j_cuda_router} [N], or [1] for token-choice. */
  private final long routers;

  private final long deciders;

  /** Address of float32 [N]; 0 without one. */
  private final long bias;

  /**
   * @param routers address of a table of {@code mor4j_cuda_router}
   * @param deciders address of the table of those that only decide; 0 without any
   * @param bias address of float32 [N]; 0 without one
   */
  CudaRouting(
      RoutingConfig config,
      DeviceQueue queue,
      DeviceShape shape,
      PreparedRouter router,
      PreparedRouter decider,
      long routers,
      long deciders,
      long bias) {
    this.config = config;
    this.queue = queue;
    this.shape = shape;
    this.router = (DeviceRouterTable) router;
    this.decider = (DeviceRouterTable) decider;
    this.routers = routers;
    this.deciders = deciders;
    this.bias = bias;
  }

  private RoutingConfig.ExpertChoice expert() {
    return (RoutingConfig.ExpertChoice) config;
  }

  /** Whether the end of a pass may decide as well. */
  boolean decidesAtTheEndOfPasses() {
    return !isTokenChoice() && router.inner() == 0 && deciders == 0;
  }

  /** Whether tokens have their depth before the first recursion. */
  boolean isTokenChoice() {
    return config instanceof RoutingConfig.TokenChoice;
  }

  /** See {@link dev.mor4j.runtime.backend.Backend#decide}. */
  void decide(RoutingDecision decision, CudaWorkspace ws) {
    for (int done = 0; done < decision.count; done += ws.maxRows()) {
      int rows = Math.min(ws.maxRows(), decision.count - done);
      ws.tables.begin();
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
    long bytes = (long) ws.states() * (depths ? Integer.BYTES : Byte.BYTES);
    ws.results.await();
    ws.results.reserve(bytes);
    queue.run(
        stream -> {
          long outcome = depths ? ws.decisions.depths() : ws.decisions.keep();
          stream.copyToHost(outcome, ws.results.memory(), 0, bytes);
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
    long z = ws.activations.z;
    long decision = z;
    route(stream, routers, router, recursion, rows, z, ws);
    if (deciders != 0 && expert().capacities().get(recursion) != 1.0) {
      decision = ws.activations.decisions;
      route(stream, deciders, decider, recursion, rows, decision, ws);
    }
    CudaKernels.decideExpert(stream, decision(recursion, rows, z, decision, ws));
  }

  /** Enqueues the end of a pass and the decision of its rows about {@code recursion}. */
  void scatterAndDecide(CudaStream stream, Scatter scatter, int recursion, CudaWorkspace ws) {
    long z = ws.activations.z;
    CudaKernels.scatterRoute(stream, scatter, decision(recursion, scatter.rows(), z, z, ws), z);
  }

  private ExpertDecision decision(
      int recursion, DeviceRows rows, long z, long decision, CudaWorkspace ws) {
    return new ExpertDecision(
        rows,
        routers,
        0,
        z,
        decision,
        ws.tables.thresholdsAddress(),
        ws.tables.maxRecursionsAddress(),
        ws.decisions.keep(),
        ws.decisions.gates(),
        ws.decisions.depths(),
        expert().alpha(),
        function(expert().function()),
        expert().weighted(),
        recursion);
  }

  /** Enqueues the decision of token-choice how deep {@code rows} go. */
  void decideTokens(CudaStream stream, DeviceRows rows, CudaWorkspace ws) {
    RoutingConfig.TokenChoice token = (RoutingConfig.TokenChoice) config;
    route(stream, routers, router, 0, rows, ws.activations.z, ws);
    CudaKernels.decideToken(
        stream,
        new TokenDecision(
            rows,
            ws.activations.z,
            bias,
            ws.tables.maxRecursionsAddress(),
            ws.decisions.keep(),
            ws.decisions.gates(),
            ws.decisions.depths(),
            router.outs(),
            token.alpha(),
            function(token.function()),
            token.weighted()));
  }

  private void route(
      CudaStream stream,
      long table,
      DeviceRouterTable sizes,
      int recursion,
      DeviceRows rows,
      long z,
      CudaWorkspace ws) {
    CudaKernels.route(
        stream,
        new Routing(
            rows,
            table,
            0,
            ws.state(Workspace.State.HIDDEN),
            z,
            ws.activations.inner,
            shape.hidden(),
            sizes.inner(),
            sizes.outs(),
            recursion,
            CudaType.F32));
  }

  private static RouterFunction function(RoutingConfig.RouterFunction function) {
    return switch (function) {
      case NONE -> RouterFunction.IDENTITY;
      case SIGMOID -> RouterFunction.SIGMOID;
      case TANH -> RouterFunction.TANH;
      case SOFTMAX -> RouterFunction.SOFTMAX;
    };
  }
}
