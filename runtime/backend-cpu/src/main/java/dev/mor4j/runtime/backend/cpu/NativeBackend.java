package dev.mor4j.runtime.backend.cpu;

import dev.mor4j.bindings.cpu.BlockShape;
import dev.mor4j.bindings.cpu.CpuContext;
import dev.mor4j.bindings.cpu.CpuLibrary;
import dev.mor4j.bindings.cpu.LayerTable;
import dev.mor4j.bindings.cpu.LayerView;
import dev.mor4j.bindings.cpu.RouterTable;
import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.LedBackend;
import dev.mor4j.runtime.backend.PageTableWriter;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.backend.RopeTable;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.kv.KvPageLayout;
import dev.mor4j.runtime.memory.CountedArena;
import dev.mor4j.runtime.memory.HostPageMemory;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.memory.PageMemory;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.weights.ModelWeights;
import dev.mor4j.runtime.weights.RouterWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The C kernels on mapped weights: one downcall for all layers of a pass. Owns the descriptions of
 * the weights; borrows the weights and the context.
 */
public final class NativeBackend implements LedBackend {
  private final CpuContext context;

  /** Looked at after every call that has read from them. */
  private final ModelWeights weights;

  private final ArchitectureConfig sizes;
  private final BlockShape shape;
  private final RopeTable rope;
  private final Arena descriptors;
  private final MemorySegment embedding;
  private final MemorySegment finalNorm;
  private final MemorySegment head;
  private final int maxOutputs;
  private final long routerFloats;
  private boolean closed;

  /**
   * Takes over {@code context} and closes it with itself; where this throws, it is the caller's.
   *
   * @param context kernels and threads
   * @param weights borrowed; must outlive this
   * @param kvType number type of the caches that passes will have
   */
  public NativeBackend(CpuContext context, ModelWeights weights, KvCacheType kvType) {
    this.context = context;
    this.weights = weights;
    this.sizes = weights.config().architecture();
    this.shape = new BlockShape(sizes, KvPageLayout.PAGE_TOKENS, kvType);
    this.rope = new RopeTable(sizes.headDim(), sizes.ropeTheta(), sizes.maxPositions());
    this.descriptors = new CountedArena(MemoryAccount.DESCRIPTORS);
    try {
      this.embedding = CpuContext.describe(descriptors, weights.embedding());
      this.finalNorm = CpuContext.describe(descriptors, weights.finalNorm());
      this.head = CpuContext.describe(descriptors, weights.head());
    } catch (RuntimeException | Error e) {
      descriptors.close();
      throw e;
    }
    this.maxOutputs = weights.config().recursions();
    // The widest router has a hidden layer of 2H.
    this.routerFloats = 3L * sizes.hidden() + maxOutputs;
  }

  @Override
  public String description() {
    return "native "
        + context.isa().label()
        + " kernels, "
        + context.threads()
        + " threads ("
        + CpuLibrary.instance().description()
        + ")";
  }

  private record Layers(LayerTable table, boolean overlay) implements PreparedLayers {}

  private record Router(RouterTable table) implements PreparedRouter {}

  @Override
  public PreparedLayers prepare(List<CachedLayer> layers, int pageLayers) {
    boolean overlay = layers.stream().anyMatch(layer -> layer.kvMode() == KvMode.OVERLAY);
    List<LayerView> views = layers.stream().map(NativeBackend::view).toList();
    LayerTable table =
        new LayerTable(descriptors, shape, views, pageLayers, overlay ? pageLayers : 0);
    return new Layers(table, overlay);
  }

  private static LayerView view(CachedLayer layer) {
    return new LayerView(
        layer.weights(),
        layer.kvLayer(),
        layer.kvMode(),
        layer.kvMode() == KvMode.OVERLAY ? layer.kvLayer() : 0);
  }

  @Override
  public PageMemory pageMemory() {
    return HostPageMemory.INSTANCE;
  }

  @Override
  public PreparedRouter prepare(RouterWeights router) {
    return new Router(new RouterTable(descriptors, router.w1(), router.w2(), router.temperature()));
  }

  @Override
  public Workspace newWorkspace(int maxRows) {
    long perPass = context.blockWorkspaceFloats(shape, maxRows);
    long perHead = CpuContext.headWorkspaceFloats(sizes.hidden(), maxRows);
    long scratch = Math.max(Math.max(perPass, perHead), (routerFloats + sizes.hidden()) * maxRows);
    return new NativeWorkspace(
        maxRows, sizes.hidden(), sizes.headDim(), sizes.vocabulary(), maxOutputs, scratch);
  }

  @Override
  public void reserve(int positions, Workspace workspace) {
    rope.reserve(positions);
    // What describeCaches writes for one token: two page tables and the places of an overlay.
    long pages = Math.ceilDiv(positions, KvPageLayout.PAGE_TOKENS);
    long slots = Math.ceilDiv(SequenceCaches.mostOverlaySlots(positions), 2);
    ((NativeWorkspace) workspace).tables.reserve(8L * (2 * pages + slots));
  }

  @Override
  public void embed(Workspace workspace, int[] ids, int[] stateRows, int count) {
    NativeWorkspace ws = (NativeWorkspace) workspace;
    MemorySegment x = ws.state(Workspace.State.HIDDEN);
    for (int done = 0; done < count; done += ws.maxRows()) {
      int rows = Math.min(ws.maxRows(), count - done);
      for (int i = 0; i < rows; i++) {
        ws.ids.setAtIndex(ValueLayout.JAVA_INT, i, ids[stateRows[done + i]]);
      }
      copyRows(stateRows, done, rows, ws);
      context.embed(embedding, ws.ids, ws.stateRow, rows, x);
    }
    weights.requireIntact();
  }

  private static void copyRows(int[] stateRows, int from, int rows, NativeWorkspace ws) {
    MemorySegment.copy(stateRows, from, ws.stateRow, ValueLayout.JAVA_INT, 0, rows);
  }

  @Override
  public void run(PreparedLayers layers, RowPass pass, Workspace workspace) {
    if (pass.rows == 0) {
      return;
    }
    NativeWorkspace ws = (NativeWorkspace) workspace;
    Layers prepared = (Layers) layers;
    copyRows(pass.stateRow, 0, pass.rows, ws);
    int headDim = sizes.headDim();
    for (int i = 0; i < pass.rows; i++) {
      int position = pass.positions[i];
      MemorySegment.copy(
          rope.stretch(position),
          rope.offset(position),
          ws.rope,
          ValueLayout.JAVA_FLOAT,
          (long) i * headDim * Float.BYTES,
          headDim);
    }
    describeCaches(pass, prepared.overlay(), ws);
    ws.blockPass
        .layers(prepared.table())
        .rows(ws.state(pass.state), ws.stateRow, pass.rows, ws.rope, ws.kvRows)
        .workspace(ws.scratch);
    switch (pass.gating) {
      case REPLACE -> ws.blockPass.replace();
      case GIVEN -> {
        MemorySegment.copy(pass.gates, 0, ws.gates, ValueLayout.JAVA_FLOAT, 0, pass.rows);
        ws.blockPass.addGated(ws.gates);
      }
      case DECIDED -> throw LedBackend.decidesNothing();
    }
    context.runBlock(ws.blockPass);
    weights.requireIntact();
  }

  /** Writes the page tables of the caches and points the rows to them. */
  private static void describeCaches(RowPass pass, boolean overlay, NativeWorkspace ws) {
    MemorySegment tables = ws.tables.reserve(PageTableWriter.bytes(pass, overlay));
    long begin = tables.address();
    PageTableWriter writer = ws.pageTables;
    writer.begin(0);
    for (int i = 0; i < pass.rows; i++) {
      writer.write(pass, i, overlay, tables);
      ws.kvRows.set(
          i,
          begin + writer.pages(),
          address(begin, writer.overlayPages()),
          address(begin, writer.overlaySlots()),
          pass.slots[i],
          pass.contexts[i]);
    }
  }

  /** What C takes for a part of the tables: NULL where there is none. */
  private static long address(long begin, long part) {
    return part == PageTableWriter.NONE ? 0 : begin + part;
  }

  @Override
  public void route(
      PreparedRouter router, int[] stateRows, int count, float[] z, Workspace workspace) {
    NativeWorkspace ws = (NativeWorkspace) workspace;
    RouterTable table = ((Router) router).table();
    int outs = table.outputs();
    for (int done = 0; done < count; done += ws.maxRows()) {
      int rows = Math.min(ws.maxRows(), count - done);
      copyRows(stateRows, done, rows, ws);
      context.route(table, ws.state(Workspace.State.HIDDEN), ws.stateRow, rows, ws.z, ws.scratch);
      MemorySegment.copy(ws.z, ValueLayout.JAVA_FLOAT, 0, z, done * outs, rows * outs);
    }
    weights.requireIntact();
  }

  @Override
  public void beginRecursions(int[] stateRows, int count, Workspace workspace) {
    NativeWorkspace ws = (NativeWorkspace) workspace;
    MemorySegment from = ws.state(Workspace.State.HIDDEN);
    MemorySegment to = ws.state(Workspace.State.RECURSION);
    long bytes = (long) sizes.hidden() * Float.BYTES;
    for (int i = 0; i < count; i++) {
      MemorySegment.copy(from, stateRows[i] * bytes, to, stateRows[i] * bytes, bytes);
    }
  }

  @Override
  public void endRecursions(int[] stateRows, float[] gates, int count, Workspace workspace) {
    NativeWorkspace ws = (NativeWorkspace) workspace;
    for (int done = 0; done < count; done += ws.maxRows()) {
      int rows = Math.min(ws.maxRows(), count - done);
      MemorySegment.copy(gates, done, ws.gates, ValueLayout.JAVA_FLOAT, 0, rows);
      copyRows(stateRows, done, rows, ws);
      context.addGated(
          ws.state(Workspace.State.HIDDEN),
          ws.state(Workspace.State.RECURSION),
          ws.stateRow,
          ws.gates,
          rows,
          sizes.hidden());
    }
  }

  @Override
  public void logits(
      int[] stateRows, int from, int count, float[] logits, int offset, Workspace workspace) {
    NativeWorkspace ws = (NativeWorkspace) workspace;
    MemorySegment computed = computeLogits(stateRows, from, count, ws);
    MemorySegment.copy(
        computed, ValueLayout.JAVA_FLOAT, 0, logits, offset, count * sizes.vocabulary());
  }

  /** The logits, in memory that the next call may use again. */
  private MemorySegment computeLogits(int[] stateRows, int from, int count, NativeWorkspace ws) {
    MemorySegment logits = ws.logits(count);
    copyRows(stateRows, from, count, ws);
    context.head(
        finalNorm,
        head,
        sizes.rmsNormEps(),
        ws.state(Workspace.State.HIDDEN),
        ws.stateRow,
        count,
        logits,
        ws.scratch);
    weights.requireIntact();
    return logits;
  }

  @Override
  public boolean choosesFor(Sampler sampler) {
    return sizes.vocabulary() <= CpuContext.MOST_VOCABULARY;
  }

  @Override
  public void chooseTokens(
      int[] stateRows,
      Sampler[] samplers,
      int[] positions,
      int[] tokens,
      int from,
      int count,
      Workspace workspace) {
    NativeWorkspace ws = (NativeWorkspace) workspace;
    MemorySegment logits = computeLogits(stateRows, from, count, ws);
    for (int i = 0; i < count; i++) {
      Sampler sampler = samplers[from + i];
      sampler.penalise(logits, (long) i * sizes.vocabulary() * Float.BYTES);
      ws.sampling.set(
          i,
          sampler.draw(positions[from + i]),
          sampler.temperature(),
          sampler.topP(),
          sampler.minLog(),
          sampler.topK());
    }
    context.choose(logits, sizes.vocabulary(), ws.sampling, count, ws.ids);
    MemorySegment.copy(ws.ids, ValueLayout.JAVA_INT, 0, tokens, from, count);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      context.close();
      descriptors.close();
    }
  }
}
