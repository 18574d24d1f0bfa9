package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.kernel.CudaKernels;
import dev.mor4j.bindings.cuda.kernel.DeviceMatrix;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import dev.mor4j.bindings.cuda.kernel.Outcomes;
import dev.mor4j.bindings.cuda.kernel.Scatter;
import dev.mor4j.runtime.backend.DecodePlan;
import dev.mor4j.runtime.backend.DecodeProgram;
import dev.mor4j.runtime.backend.DecodeStep;
import dev.mor4j.runtime.backend.PageTableWriter;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One graph for a whole token of each of several sequences: embedding, first layer, all recursions
 * with their routers' decisions and the compaction of the rows that go on, last layer. Only the
 * device knows which rows take part in which recursion. The host enqueues the graph and reads the
 * depths.
 */
final class CudaDecodeProgram implements DecodeProgram {
  private final DecodePlan plan;
  private final DeviceQueue queue;
  private final DeviceShape shape;
  private final DeviceMatrix embedding;
  private final CudaHead head;

  /** Null without a router. */
  private final CudaRouting routing;

  CudaDecodeProgram(
      DecodePlan plan,
      DeviceQueue queue,
      DeviceShape shape,
      DeviceMatrix embedding,
      CudaHead head) {
    this.plan = plan;
    this.queue = queue;
    this.shape = shape;
    this.embedding = embedding;
    this.head = head;
    this.routing = (CudaRouting) plan.routing().orElse(null);
  }

  private boolean hasCommon() {
    return plan.first().isPresent();
  }

  private DeviceLayers block(int recursion) {
    return (DeviceLayers) plan.blocks().get(recursion);
  }

  private static boolean overlays(PreparedLayers layers) {
    return ((DeviceLayers) layers).overlays();
  }

  /** A graph that also chooses the next tokens. */
  private record WithTokens(CudaDecodeProgram program) {}

  @Override
  public void run(DecodeStep step, Workspace workspace) {
    CudaWorkspace ws = (CudaWorkspace) workspace;
    int count = step.count;
    boolean chooses = step.samplers != null;
    long bytes = (long) count * Integer.BYTES;
    ws.results.await();
    ws.results.reserve(2 * bytes);
    if (chooses) {
      head.reserve(count, ws);
      head.describe(step.samplers, step.positions, 0, count, ws);
    }
    long tableBytes = describe(step, ws);
    queue.run(stream -> enqueue(stream, count, chooses, tableBytes, ws));
    ws.results.await();
    if (isRouted()) {
      MemorySegment.copy(ws.results.segment(), ValueLayout.JAVA_INT, 0, step.depths, 0, count);
    }
    if (chooses) {
      MemorySegment.copy(ws.results.segment(), ValueLayout.JAVA_INT, bytes, step.tokens, 0, count);
    }
  }

  private boolean isRouted() {
    return routing != null;
  }

  private boolean isTokenChoice() {
    return isRouted() && routing.isTokenChoice();
  }

  /** Enqueues copies to the device, the graph, and copies back: of depths, then of tokens. */
  private void enqueue(
      CudaStream stream, int count, boolean chooses, long tableBytes, CudaWorkspace ws) {
    int bucket = CudaWorkspace.bucket(count);
    ws.tables.send(stream, RowTables.Part.ALL_CACHES, tableBytes);
    if (chooses) {
      head.send(stream, count, ws);
    }
    ws.launch(
        CudaWorkspace.GraphKey.of(chooses ? new WithTokens(this) : this, bucket),
        stream,
        () -> {
          prepare(bucket, ws);
          if (chooses) {
            head.prepare(bucket, ws);
          }
        },
        () -> {
          enqueueLayers(stream, bucket, ws);
          if (chooses) {
            head.choose(stream, ws.tables.rows(bucket), ws);
          }
        });
    if (isRouted()) {
      stream.copyToHost(ws.decisions.outcomes().depths(), count, ws.results.memory(), 0);
    }
    if (chooses) {
      stream.copyToHost(ws.tokens.view(), count, ws.results.memory(), (long) count * Integer.BYTES);
    }
    ws.results.usedBy(stream);
  }

  /** Writes what the rows need; returns the bytes of their page tables. */
  private long describe(DecodeStep step, CudaWorkspace ws) {
    int recursions = Math.min(step.maxRecursions, plan.blocks().size());
    long bytes = hasCommon() ? PageTableWriter.bytes(step.common, false) : 0;
    for (int r = 0; r < recursions; r++) {
      bytes += PageTableWriter.bytes(step.recursions[r], overlays(block(r)));
    }
    ws.reserveTables(bytes);
    RowTables tables = ws.tables;
    tables.begin();
    tables.rows(ws.firstRows(step.count), 0, step.count);
    for (int i = 0; i < step.count; i++) {
      tables.id(i, step.ids[i]);
      tables.position(i, step.common.positions[i]);
      tables.routing(i, step.logitThreshold, step.maxRecursions);
    }
    long at = hasCommon() ? PageTables.describe(step.common, false, 0, 0, tables) : 0;
    for (int r = 0; r < recursions; r++) {
      at = PageTables.describe(step.recursions[r], overlays(block(r)), 1 + r, at, tables);
    }
    return at;
  }

  private void prepare(int bucket, CudaWorkspace ws) {
    ws.state(Workspace.State.HIDDEN);
    if (isTokenChoice()) {
      ws.state(Workspace.State.RECURSION);
    }
    plan.first().ifPresent(layers -> ws.launches.prepare((DeviceLayers) layers, bucket));
    plan.last().ifPresent(layers -> ws.launches.prepare((DeviceLayers) layers, bucket));
    plan.blocks().forEach(layers -> ws.launches.prepare((DeviceLayers) layers, bucket));
  }

  private void enqueueLayers(CudaStream stream, int bucket, CudaWorkspace ws) {
    DeviceRows all = ws.tables.rows(bucket);
    DeviceView x = ws.state(Workspace.State.HIDDEN);
    CudaKernels.embed(stream, all, embedding, ws.tables.views().ids, x);
    plan.first().ifPresent(layers -> runLayers(stream, layers, 0, all, x, ws));
    if (isTokenChoice()) {
      runTokens(stream, bucket, ws);
    } else if (isRouted()) {
      runExperts(stream, bucket, ws);
    }
    plan.last().ifPresent(layers -> runLayers(stream, layers, 0, all, x, ws));
  }

  /**
   * Enqueues layers whose result replaces the states.
   *
   * @param cache which of the described caches
   */
  private static void runLayers(
      CudaStream stream,
      PreparedLayers layers,
      int cache,
      DeviceRows rows,
      DeviceView x,
      CudaWorkspace ws) {
    Scatter.Result replace = new Scatter.Result.Replace();
    ws.launches.run(stream, (DeviceLayers) layers, pass(cache, rows, x, replace, ws));
  }

  private static LayerLaunches.Pass pass(
      int cache, DeviceRows rows, DeviceView x, Scatter.Result result, CudaWorkspace ws) {
    return new LayerLaunches.Pass(
        rows,
        x,
        ws.tables.views(),
        cache,
        result,
        rows.bucket() > Activations.MOST_DECODE_ROWS
            ? LayerLaunches.Prompts.ALL
            : LayerLaunches.Prompts.NONE);
  }

  private void runExperts(CudaStream stream, int bucket, CudaWorkspace ws) {
    DeviceRows all = ws.tables.rows(bucket);
    DeviceRows active = ws.decisions.active(bucket);
    ws.decisions.clearDepths(stream);
    routing.decideExpert(stream, 0, all, ws);
    for (int r = 0; r < plan.blocks().size(); r++) {
      // With sharing, recursion 0 stores all tokens; those that it does not keep have the gate 0.
      boolean takesAll = r == 0 && plan.firstStoresAll();
      if (!takesAll) {
        compact(stream, r == 0 ? all : active, ws);
      }
      boolean decided = runBlock(stream, r, takesAll ? all : active, !takesAll, ws);
      if (takesAll) {
        compact(stream, all, ws);
      }
      if (!decided && r + 1 < plan.blocks().size()) {
        routing.decideExpert(stream, r + 1, active, ws);
      }
    }
  }

  /**
   * @param mayDecide whether the rows are just those that the next decision is about
   * @return whether the next decision was made at its end
   */
  private boolean runBlock(
      CudaStream stream, int recursion, DeviceRows rows, boolean mayDecide, CudaWorkspace ws) {
    DeviceView x = ws.state(Workspace.State.HIDDEN);
    Scatter.Result add = new Scatter.Result.Add(ws.decisions.outcomes().gates());
    LayerLaunches.Pass pass = pass(1 + recursion, rows, x, add, ws);
    int next = recursion + 1;
    if (mayDecide && next < plan.blocks().size() && routing.decidesAtTheEndOfPasses()) {
      ws.launches.run(
          stream,
          block(recursion),
          pass,
          scatter -> routing.scatterAndDecide(stream, scatter, next, ws));
      return true;
    }
    ws.launches.run(stream, block(recursion), pass);
    return false;
  }

  private static void compact(CudaStream stream, DeviceRows rows, CudaWorkspace ws) {
    Decisions decisions = ws.decisions;
    CudaKernels.compact(
        stream, rows, decisions.outcomes().keep(), decisions.list(), decisions.count());
  }

  private void runTokens(CudaStream stream, int bucket, CudaWorkspace ws) {
    Outcomes decided = ws.decisions.outcomes();
    DeviceRows all = ws.tables.rows(bucket);
    DeviceRows active = ws.decisions.active(bucket);
    DeviceView x = ws.state(Workspace.State.HIDDEN);
    DeviceView y = ws.state(Workspace.State.RECURSION);
    routing.decideTokens(stream, all, ws);
    CudaKernels.copyRows(stream, all, x, y, shape.hidden());
    for (int r = 0; r < plan.blocks().size(); r++) {
      if (r > 0) {
        DeviceRows before = r == 1 ? all : active;
        CudaKernels.keepDeeper(stream, before, decided.depths(), decided.keep(), r);
        compact(stream, before, ws);
      }
      runLayers(stream, block(r), 1 + r, r == 0 ? all : active, y, ws);
    }
    CudaKernels.addGated(stream, all, x, y, decided.gates(), shape.hidden());
  }
}
