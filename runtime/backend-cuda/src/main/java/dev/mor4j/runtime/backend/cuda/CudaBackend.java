package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaDevice;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.kernel.CudaKernels;
import dev.mor4j.bindings.cuda.kernel.CudaType;
import dev.mor4j.bindings.cuda.kernel.DeviceMatrix;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import dev.mor4j.bindings.cuda.kernel.Scatter;
import dev.mor4j.bindings.cuda.library.CudaLibraries;
import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.DecodePlan;
import dev.mor4j.runtime.backend.DecodeProgram;
import dev.mor4j.runtime.backend.PageTableWriter;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.backend.PreparedRouting;
import dev.mor4j.runtime.backend.RopeTable;
import dev.mor4j.runtime.backend.RoutingDecision;
import dev.mor4j.runtime.backend.RoutingPlan;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.kv.KvPageLayout;
import dev.mor4j.runtime.memory.PageMemory;
import dev.mor4j.runtime.numbers.ActivationType;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.weights.ModelWeights;
import dev.mor4j.runtime.weights.RouterWeights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * The operations on an NVIDIA GPU: weights, caches, states and activations in its memory, a graph
 * for the layers of a pass, hand-written kernels and products of cuBLASLt. Only token ids and row
 * tables go to the device; router outputs, logits or tokens come back. Owns everything on the
 * device. Any thread, each with its own workspace.
 */
public final class CudaBackend implements Backend {
  private final CudaContext context;
  private final DeviceQueue queue;
  private final DeviceWeights weights;
  private final DeviceShape shape;
  private final DevicePageMemory pages;
  private final DeviceMatrix embedding;
  private final CudaHead head;
  private final DeviceView frequencies;
  private final DeviceBuffer scratch;
  private final int recursions;
  private boolean closed;

  private CudaBackend(int device, ModelWeights source, CudaType type, KvCacheType kvType) {
    ArchitectureConfig sizes = source.config().architecture();
    this.recursions = source.config().recursions();
    DeviceWeights uploading = null;
    this.context = openContext(device);
    try {
      List<RouterWeights> routers = source.routers();
      int inner = routers.isEmpty() ? 0 : DeviceWeights.inner(routers.getFirst());
      int auxiliary =
          source.auxiliaryRouters().isEmpty()
              ? 0
              : DeviceWeights.inner(source.auxiliaryRouters().getFirst());
      this.shape =
          new DeviceShape(
              sizes,
              type,
              kvType,
              Math.max(inner, auxiliary),
              routers.isEmpty() ? 0 : routers.getFirst().outputs());
      this.queue = new DeviceQueue(context);
      this.weights = new DeviceWeights(context, queue.stream(), type);
      uploading = weights;
      this.pages = new DevicePageMemory(queue);
      this.embedding = weights.matrix(source.embedding());
      this.head =
          new CudaHead(
              queue, shape, weights.matrix(source.head()), weights.floats(source.finalNorm()));
      this.frequencies =
          weights.floats(RopeTable.inverseFrequencies(sizes.headDim(), sizes.ropeTheta()));
      this.scratch = new DeviceBuffer(context, type.element());
    } catch (RuntimeException | Error e) {
      if (uploading != null) {
        uploading.close();
      }
      context.close();
      if (e instanceof RuntimeException failure) {
        throw DeviceFailure.of("opening a model", failure);
      }
      throw e;
    }
  }

  /**
   * A model on a GPU. Copies the weights there; the caller closes it.
   *
   * @param ordinal which of the machine's GPUs, from 0
   * @param source mapped weights; read now, not kept
   * @param type number type of activations, and of weights that are not int8; where it is empty,
   *     float32 for float32 weights, else bfloat16
   * @param kvType number type of the caches
   * @throws IllegalStateException where there is no CUDA; the message says what was tried
   * @throws dev.mor4j.runtime.device.DeviceOutOfMemoryException where the device has no room
   */
  public static CudaBackend open(
      int ordinal, ModelWeights source, Optional<ActivationType> type, KvCacheType kvType) {
    ActivationType automatic =
        source.layer(0).q().type() == WeightType.F32 ? ActivationType.F32 : ActivationType.BF16;
    CudaType numbers =
        switch (type.orElse(automatic)) {
          case F32 -> CudaType.F32;
          case BF16 -> CudaType.BF16;
          case F16 -> CudaType.F16;
        };
    return new CudaBackend(ordinal, source, numbers, kvType);
  }

  private static CudaContext openContext(int device) {
    try {
      return new CudaContext(device);
    } catch (RuntimeException e) {
      throw DeviceFailure.of("opening a model", e);
    }
  }

  @Override
  public String description() {
    CudaDevice device = context.device();
    return "CUDA on "
        + device.name()
        + " (compute capability "
        + device.computeCapability()
        + "), activations "
        + shape.type()
        + " ("
        + CudaLibraries.instance().description()
        + ")";
  }

  @Override
  public PreparedLayers prepare(List<CachedLayer> layers, int pageLayers) {
    return new DeviceLayers(layers.stream().map(weights::layer).toList());
  }

  @Override
  public PageMemory pageMemory() {
    return pages;
  }

  @Override
  public PreparedRouter prepare(RouterWeights router) {
    return weights.router(router);
  }

  @Override
  public Optional<PreparedRouting> prepare(RoutingPlan plan) {
    Optional<DeviceRouterTable> deciders =
        plan.auxiliary().isEmpty()
            ? Optional.empty()
            : Optional.of(weights.tableOf(plan.auxiliary(), r -> false));
    IntPredicate takesAll =
        plan.config() instanceof RoutingConfig.ExpertChoice expert
            ? r -> expert.capacities().get(r) == 1.0
            : r -> false;
    return Optional.of(
        new CudaRouting(
            plan.config(),
            queue,
            weights.tableOf(plan.routers(), takesAll),
            deciders,
            plan.bias().map(weights::floats)));
  }

  @Override
  public Optional<DecodeProgram> prepare(DecodePlan plan) {
    return Optional.of(new CudaDecodeProgram(plan, queue, shape, embedding, head));
  }

  @Override
  public Workspace newWorkspace(int maxRows) {
    synchronized (scratch) {
      scratch.reserve(weights.largestInt8());
    }
    Activations activations = new Activations(queue, shape, CudaWorkspace.bucket(maxRows));
    try {
      LayerLaunches launches =
          new LayerLaunches(shape, activations, queue.products(), frequencies, scratch.view());
      return new CudaWorkspace(queue, shape, maxRows, 1 + recursions, activations, launches);
    } catch (RuntimeException | Error e) {
      activations.close();
      throw e;
    }
  }

  @Override
  public void reserve(int positions, Workspace workspace) {
    long entries = Math.ceilDiv(positions, KvPageLayout.PAGE_TOKENS);
    long slots = Math.ceilDiv(SequenceCaches.mostOverlaySlots(positions), 2);
    ((CudaWorkspace) workspace).reserveTables(Long.BYTES * (2 * entries + slots));
  }

  @Override
  public void embed(Workspace workspace, int[] ids, int[] stateRows, int count) {
    CudaWorkspace ws = (CudaWorkspace) workspace;
    for (int done = 0; done < count; done += ws.maxRows()) {
      int rows = Math.min(ws.maxRows(), count - done);
      ws.beginTables();
      ws.tables.rows(stateRows, done, rows);
      for (int i = done; i < done + rows; i++) {
        ws.tables.id(stateRows[i], ids[stateRows[i]]);
      }
      queue.run(
          stream -> {
            ws.tables.send(stream, RowTables.Part.IDS, 0);
            CudaKernels.embed(
                stream,
                ws.tables.rows(CudaWorkspace.bucket(rows)),
                embedding,
                ws.tables.views().ids,
                ws.state(Workspace.State.HIDDEN));
          });
    }
  }

  @Override
  public void run(PreparedLayers layers, RowPass pass, Workspace workspace) {
    if (pass.rows == 0) {
      return;
    }
    CudaWorkspace ws = (CudaWorkspace) workspace;
    DeviceLayers prepared = (DeviceLayers) layers;
    long tableBytes = PageTableWriter.bytes(pass, prepared.overlays());
    ws.reserveTables(tableBytes);
    ws.beginTables();
    ws.tables.rows(pass.stateRow, 0, pass.rows);
    PageTables.describe(pass, prepared.overlays(), 0, 0, ws.tables);
    for (int i = 0; i < pass.rows; i++) {
      ws.tables.position(pass.stateRow[i], pass.positions[i]);
      ws.tables.gate(pass.stateRow[i], pass.gates[i]);
    }
    int bucket = CudaWorkspace.bucket(pass.rows);
    LayerLaunches.Prompts prompts = PageTables.describeKinds(pass, ws.tables);
    DeviceView x = ws.state(pass.state);
    LayerLaunches.Pass onDevice =
        new LayerLaunches.Pass(
            ws.tables.rows(bucket),
            x,
            ws.tables.views(),
            0,
            switch (pass.gating) {
              case REPLACE -> new Scatter.Result.Replace();
              case GIVEN -> new Scatter.Result.Add(ws.tables.views().gates);
              case DECIDED -> new Scatter.Result.Add(ws.decisions.outcomes().gates());
            },
            prompts);
    queue.run(
        stream -> {
          ws.tables.send(stream, RowTables.Part.ONE_CACHE, tableBytes);
          ws.launch(
              new CudaWorkspace.GraphKey(prepared, bucket, pass.state, pass.gating, prompts),
              stream,
              () -> ws.launches.prepare(prepared, bucket),
              () -> ws.launches.run(stream, prepared, onDevice));
        });
  }

  @Override
  public void route(
      PreparedRouter router, int[] stateRows, int count, float[] z, Workspace workspace) {
    CudaWorkspace ws = (CudaWorkspace) workspace;
    DeviceRouterTable table = (DeviceRouterTable) router;
    for (int done = 0; done < count; done += ws.maxRows()) {
      int rows = Math.min(ws.maxRows(), count - done);
      int numbers = rows * table.outs();
      ws.beginTables();
      ws.tables.rows(stateRows, done, rows);
      ws.results.await();
      ws.results.reserve((long) numbers * Float.BYTES);
      queue.run(
          stream -> {
            ws.tables.send(stream, RowTables.Part.LIST, 0);
            CudaKernels.route(
                stream,
                table.routing(
                    ws.tables.rows(CudaWorkspace.bucket(rows)),
                    0,
                    ws.state(Workspace.State.HIDDEN),
                    ws.activations.z,
                    ws.activations));
            stream.copyToHost(ws.activations.z, numbers, ws.results.memory(), 0);
            ws.results.usedBy(stream);
          });
      ws.results.await();
      MemorySegment.copy(
          ws.results.segment(), ValueLayout.JAVA_FLOAT, 0, z, done * table.outs(), numbers);
    }
  }

  @Override
  public void decide(PreparedRouting routing, RoutingDecision decision, Workspace workspace) {
    ((CudaRouting) routing).decide(decision, (CudaWorkspace) workspace);
  }

  @Override
  public void beginRecursions(int[] stateRows, int count, Workspace workspace) {
    CudaWorkspace ws = (CudaWorkspace) workspace;
    DeviceView to = ws.state(Workspace.State.RECURSION);
    for (int done = 0; done < count; done += ws.maxRows()) {
      int rows = Math.min(ws.maxRows(), count - done);
      ws.beginTables();
      ws.tables.rows(stateRows, done, rows);
      queue.run(
          stream -> {
            ws.tables.send(stream, RowTables.Part.LIST, 0);
            DeviceRows list = ws.tables.rows(CudaWorkspace.bucket(rows));
            CudaKernels.copyRows(
                stream, list, ws.state(Workspace.State.HIDDEN), to, shape.hidden());
          });
    }
  }

  @Override
  public void endRecursions(int[] stateRows, float[] gates, int count, Workspace workspace) {
    CudaWorkspace ws = (CudaWorkspace) workspace;
    for (int done = 0; done < count; done += ws.maxRows()) {
      int rows = Math.min(ws.maxRows(), count - done);
      ws.beginTables();
      ws.tables.rows(stateRows, done, rows);
      for (int i = done; gates != null && i < done + rows; i++) {
        ws.tables.gate(stateRows[i], gates[i]);
      }
      queue.run(
          stream -> {
            ws.tables.send(stream, RowTables.Part.GATES, 0);
            CudaKernels.addGated(
                stream,
                ws.tables.rows(CudaWorkspace.bucket(rows)),
                ws.state(Workspace.State.HIDDEN),
                ws.state(Workspace.State.RECURSION),
                gates == null ? ws.decisions.outcomes().gates() : ws.tables.views().gates,
                shape.hidden());
          });
    }
  }

  @Override
  public void logits(
      int[] stateRows, int from, int count, float[] logits, int offset, Workspace workspace) {
    head.logits(stateRows, from, count, logits, offset, (CudaWorkspace) workspace);
  }

  @Override
  public boolean choosesFor(Sampler sampler) {
    return sampler.needsOnlyLogits() && head.choosesTokens();
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
    head.chooseTokens(
        stateRows, samplers, positions, tokens, from, count, (CudaWorkspace) workspace);
  }

  /** Frees what is on the device; may be called again. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      scratch.close();
      weights.close();
      queue.close();
      context.close();
    }
  }
}
