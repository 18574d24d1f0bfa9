package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaKernels;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceMatrix;
import dev.mor4j.bindings.cuda.DeviceRows;
import dev.mor4j.runtime.backend.DecodePlan;
import dev.mor4j.runtime.backend.DecodeProgram;
import dev.mor4j.runtime.backend.DecodeStep;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One graph for a whole token of each of several sequences: embedding, first layer, all recursions
 * with their routers' decisions and the compaction of the rows that go on, last layer. Which rows
 * take part in what is known on the device alone; the host enqueues the graph and reads the depths.
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
      head.describe(step.samplers, 0, count, ws);
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

  /** What goes to the device, the graph, and what comes back: depths, then tokens. */
  private void enqueue(
      CudaStream stream, int count, boolean chooses, long tableBytes, CudaWorkspace ws) {
    int bucket = CudaWorkspace.bucket(count);
    long bytes = (long) count * Integer.BYTES;
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
      stream.copyToHost(ws.decisions.depths(), ws.results.memory(), 0, bytes);
    }
    if (chooses) {
      stream.copyToHost(ws.tokens.address(), ws.results.memory(), bytes, bytes);
    }
    ws.results.usedBy(stream);
  }

  /** Writes what the rows need; returns the bytes of their page tables. */
  private long describe(DecodeStep step, CudaWorkspace ws) {
    int recursions = Math.min(step.maxRecursions, plan.blocks().size());
    long bytes = hasCommon() ? PageTables.bytes(step.common, false) : 0;
    for (int r = 0; r < recursions; r++) {
      bytes += PageTables.bytes(step.recursions[r], overlays(block(r)));
    }
    ws.reserveTables(bytes);
    RowTables tables = ws.tables;
    tables.begin();
    tables.rows(ws.firstRows(step.count), 0, step.count);
    for (int i = 0; i < step.count; i++) {
      tables.id(i, step.ids[i]);
      tables.position(i, step.common.positions[i]);
      tables.routing(i, step.threshold, step.maxRecursions);
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
    long x = ws.state(Workspace.State.HIDDEN);
    CudaKernels.embed(stream, all, embedding, ws.tables.idsAddress(), x);
    plan.first().ifPresent(layers -> runLayers(stream, layers, 0, all, x, 0, ws));
    if (isTokenChoice()) {
      runTokens(stream, bucket, ws);
    } else if (isRouted()) {
      runExperts(stream, bucket, ws);
    }
    plan.last().ifPresent(layers -> runLayers(stream, layers, 0, all, x, 0, ws));
  }

  /**
   * @param cache which of the described caches
   * @param gates address of the gates; 0 where the result replaces
   */
  private static void runLayers(
      CudaStream stream,
      PreparedLayers layers,
      int cache,
      DeviceRows rows,
      long x,
      long gates,
      CudaWorkspace ws) {
    ws.launches.run(stream, (DeviceLayers) layers, pass(cache, rows, x, gates, ws));
  }

  private static LayerLaunches.Pass pass(
      int cache, DeviceRows rows, long x, long gates, CudaWorkspace ws) {
    return new LayerLaunches.Pass(
        rows,
        x,
        ws.tables.positionsAddress(),
        ws.tables.cacheAddress(cache),
        ws.tables.tablesAddress(),
        gates,
        rows.bucket() > Activations.MOST_DECODE_ROWS
            ? LayerLaunches.Prompts.ALL
            : LayerLaunches.Prompts.NONE,
        0);
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
    long x = ws.state(Workspace.State.HIDDEN);
    LayerLaunches.Pass pass = pass(1 + recursion, rows, x, ws.decisions.gates(), ws);
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
    CudaKernels.compact(
        stream, rows, ws.decisions.keep(), ws.decisions.list(), ws.decisions.count());
  }

  private void runTokens(CudaStream stream, int bucket, CudaWorkspace ws) {
    Decisions decisions = ws.decisions;
    DeviceRows all = ws.tables.rows(bucket);
    DeviceRows active = decisions.active(bucket);
    long x = ws.state(Workspace.State.HIDDEN);
    long y = ws.state(Workspace.State.RECURSION);
    routing.decideTokens(stream, all, ws);
    CudaKernels.copyRows(stream, all, x, y, shape.hidden());
    for (int r = 0; r < plan.blocks().size(); r++) {
      if (r > 0) {
        DeviceRows before = r == 1 ? all : active;
        CudaKernels.keepDeeper(stream, before, decisions.depths(), decisions.keep(), r);
        compact(stream, before, ws);
      }
      runLayers(stream, block(r), 1 + r, r == 0 ? all : active, y, 0, ws);
    }
    CudaKernels.addGated(stream, all, x, y, decisions.gates(), shape.hidden());
  }
}
