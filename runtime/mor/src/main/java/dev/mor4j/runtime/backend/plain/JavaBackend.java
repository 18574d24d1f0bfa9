package dev.mor4j.runtime.backend.plain;

import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.LedBackend;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.backend.RopeTable;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.memory.HostPageMemory;
import dev.mor4j.runtime.memory.PageMemory;
import dev.mor4j.runtime.weights.LayerWeights;
import dev.mor4j.runtime.weights.MatrixRows;
import dev.mor4j.runtime.weights.ModelWeights;
import dev.mor4j.runtime.weights.RouterWeights;
import java.util.List;

/**
 * The same operations as the native backend in plain Java, one row after the other; activations on
 * the heap.
 */
public final class JavaBackend implements LedBackend {
  private final String reason;
  private final ModelWeights weights;
  private final ArchitectureConfig sizes;
  private final RopeTable rope;
  private final JavaAttention attention;

  /**
   * @param reason why this backend was chosen, for reports
   * @param weights borrowed; must outlive this
   */
  public JavaBackend(String reason, ModelWeights weights) {
    this.reason = reason;
    this.weights = weights;
    this.sizes = weights.config().architecture();
    this.rope = new RopeTable(sizes.headDim(), sizes.ropeTheta(), sizes.maxPositions());
    this.attention = new JavaAttention(sizes);
  }

  private record Layers(List<CachedLayer> layers) implements PreparedLayers {}

  private record Router(RouterWeights weights) implements PreparedRouter {}

  private static final class HeapWorkspace implements Workspace {
    private final int maxRows;
    private float[] hidden = {};
    private float[] recursion = {};
    private final int width;

    HeapWorkspace(int maxRows, int width) {
      this.maxRows = maxRows;
      this.width = width;
    }

    float[] state(State state) {
      return state == State.HIDDEN ? hidden : recursion;
    }

    @Override
    public int maxRows() {
      return maxRows;
    }

    @Override
    public int maxLogitRows() {
      return maxRows;
    }

    @Override
    public void reserveTokens(int tokens) {
      int values = Math.multiplyExact(tokens, width);
      if (hidden.length < values) {
        hidden = new float[values];
        recursion = new float[values];
      }
    }

    @Override
    public void close() {
      hidden = new float[0];
      recursion = new float[0];
    }
  }

  @Override
  public String description() {
    return "plain Java (" + reason + ")";
  }

  @Override
  public PreparedLayers prepare(List<CachedLayer> layers, int pageLayers) {
    return new Layers(List.copyOf(layers));
  }

  @Override
  public PageMemory pageMemory() {
    return HostPageMemory.INSTANCE;
  }

  @Override
  public PreparedRouter prepare(RouterWeights router) {
    return new Router(router);
  }

  @Override
  public Workspace newWorkspace(int maxRows) {
    return new HeapWorkspace(maxRows, sizes.hidden());
  }

  @Override
  public void reserve(int positions, Workspace workspace) {
    rope.reserve(positions);
  }

  /**
   * Does {@code work}, which reads weights. Where nothing guards the file, the JVM tells of a part
   * that is not there by an error that may come somewhat later than the access. So the file is
   * asked after, which this backend has the time for: what was made of numbers that are none goes
   * no further, and the error comes no later than here.
   */
  private void withWeights(Runnable work) {
    try {
      work.run();
      weights.requireUnchanged();
    } catch (InternalError e) {
      throw weights.changed(e);
    }
  }

  @Override
  public void embed(Workspace workspace, int[] ids, int[] stateRows, int count) {
    withWeights(() -> embedRows(workspace, ids, stateRows, count));
  }

  private void embedRows(Workspace workspace, int[] ids, int[] stateRows, int count) {
    float[] x = ((HeapWorkspace) workspace).state(Workspace.State.HIDDEN);
    float[] row = new float[sizes.hidden()];
    for (int i = 0; i < count; i++) {
      MatrixRows.read(weights.embedding(), ids[stateRows[i]], row);
      System.arraycopy(row, 0, x, stateRows[i] * row.length, row.length);
    }
  }

  @Override
  public void run(PreparedLayers layers, RowPass pass, Workspace workspace) {
    withWeights(() -> runRows(layers, pass, workspace));
  }

  private void runRows(PreparedLayers layers, RowPass pass, Workspace workspace) {
    float[] states = ((HeapWorkspace) workspace).state(pass.state);
    int hidden = sizes.hidden();
    float[] y = new float[pass.rows * hidden];
    for (int i = 0; i < pass.rows; i++) {
      System.arraycopy(states, pass.stateRow[i] * hidden, y, i * hidden, hidden);
    }
    for (CachedLayer layer : ((Layers) layers).layers()) {
      // All rows store their keys and values before any row looks at them.
      float[][] queries = new float[pass.rows][];
      for (int i = 0; i < pass.rows; i++) {
        queries[i] = project(layer, pass, i, y);
      }
      for (int i = 0; i < pass.rows; i++) {
        finishLayer(layer, pass, i, queries[i], y);
      }
    }
    for (int i = 0; i < pass.rows; i++) {
      combine(pass, i, y, states);
    }
  }

  /**
   * Norm, projections, rotation and the writing of keys and values; returns the queries of row
   * {@code i}.
   */
  private float[] project(CachedLayer layer, RowPass pass, int i, float[] y) {
    LayerWeights w = layer.weights();
    float[] normed = new float[sizes.hidden()];
    JavaKernels.rmsNorm(w.inputNorm(), sizes.rmsNormEps(), y, i * sizes.hidden(), normed);
    float[] angles = rope.stretch(pass.positions[i]);
    int at = rope.offset(pass.positions[i]);
    float[] queries = new float[sizes.heads() * sizes.headDim()];
    JavaKernels.multiply(w.q(), normed, 0, queries, 0);
    JavaKernels.rotate(queries, sizes.heads(), sizes.headDim(), angles, at);
    if (layer.kvMode() != KvMode.READ && pass.slots[i] >= 0) {
      float[] keys = new float[sizes.kvHeads() * sizes.headDim()];
      float[] values = new float[keys.length];
      JavaKernels.multiply(w.k(), normed, 0, keys, 0);
      JavaKernels.multiply(w.v(), normed, 0, values, 0);
      JavaKernels.rotate(keys, sizes.kvHeads(), sizes.headDim(), angles, at);
      attention.store(
          JavaAttention.overlays(layer, pass, i) ? pass.overlay[i] : pass.base[i],
          layer.kvLayer(),
          pass.slots[i],
          keys,
          values);
    }
    return queries;
  }

  /** Attention and feed-forward of row {@code i}, each added to its state in {@code y}. */
  private void finishLayer(CachedLayer layer, RowPass pass, int i, float[] queries, float[] y) {
    LayerWeights w = layer.weights();
    int hidden = sizes.hidden();
    float[] mixed = new float[queries.length];
    float[] added = new float[hidden];
    attention.attend(pass, i, layer, queries, mixed);
    JavaKernels.multiply(w.o(), mixed, 0, added, 0);
    for (int j = 0; j < hidden; j++) {
      y[i * hidden + j] += added[j];
    }
    float[] normed = new float[hidden];
    JavaKernels.rmsNorm(w.postNorm(), sizes.rmsNormEps(), y, i * hidden, normed);
    float[] gate = new float[sizes.intermediate()];
    float[] up = new float[sizes.intermediate()];
    JavaKernels.multiply(w.gate(), normed, 0, gate, 0);
    JavaKernels.multiply(w.up(), normed, 0, up, 0);
    for (int j = 0; j < gate.length; j++) {
      gate[j] = JavaKernels.silu(gate[j]) * up[j];
    }
    JavaKernels.multiply(w.down(), gate, 0, added, 0);
    for (int j = 0; j < hidden; j++) {
      y[i * hidden + j] += added[j];
    }
  }

  private void combine(RowPass pass, int i, float[] y, float[] states) {
    int hidden = sizes.hidden();
    int to = pass.stateRow[i] * hidden;
    switch (pass.gating) {
      case REPLACE -> System.arraycopy(y, i * hidden, states, to, hidden);
      case GIVEN -> {
        if (pass.gates[i] != 0) {
          for (int j = 0; j < hidden; j++) {
            states[to + j] += pass.gates[i] * y[i * hidden + j];
          }
        }
      }
      case DECIDED -> throw LedBackend.decidesNothing();
    }
  }

  @Override
  public void route(
      PreparedRouter router, int[] stateRows, int count, float[] z, Workspace workspace) {
    withWeights(() -> routeRows(router, stateRows, count, z, workspace));
  }

  private void routeRows(
      PreparedRouter router, int[] stateRows, int count, float[] z, Workspace workspace) {
    RouterWeights w = ((Router) router).weights();
    float[] states = ((HeapWorkspace) workspace).state(Workspace.State.HIDDEN);
    float[] input = new float[sizes.hidden()];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < input.length; j++) {
        input[j] = states[stateRows[i] * input.length + j] / w.temperature();
      }
      if (w.w2().isPresent()) {
        float[] inner = new float[(int) w.w1().rows()];
        JavaKernels.multiply(w.w1(), input, 0, inner, 0);
        for (int j = 0; j < inner.length; j++) {
          inner[j] = JavaKernels.gelu(inner[j]);
        }
        JavaKernels.multiply(w.w2().get(), inner, 0, z, i * w.outputs());
      } else {
        JavaKernels.multiply(w.w1(), input, 0, z, i * w.outputs());
      }
    }
  }

  @Override
  public void beginRecursions(int[] stateRows, int count, Workspace workspace) {
    HeapWorkspace ws = (HeapWorkspace) workspace;
    int hidden = sizes.hidden();
    for (int i = 0; i < count; i++) {
      int at = stateRows[i] * hidden;
      System.arraycopy(ws.hidden, at, ws.recursion, at, hidden);
    }
  }

  @Override
  public void endRecursions(int[] stateRows, float[] gates, int count, Workspace workspace) {
    HeapWorkspace ws = (HeapWorkspace) workspace;
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < sizes.hidden(); j++) {
        int at = stateRows[i] * sizes.hidden() + j;
        ws.hidden[at] += gates[i] * ws.recursion[at];
      }
    }
  }

  @Override
  public void logits(
      int[] stateRows, int from, int count, float[] logits, int offset, Workspace workspace) {
    withWeights(() -> logitRows(stateRows, from, count, logits, offset, workspace));
  }

  private void logitRows(
      int[] stateRows, int from, int count, float[] logits, int offset, Workspace workspace) {
    float[] states = ((HeapWorkspace) workspace).state(Workspace.State.HIDDEN);
    float[] normed = new float[sizes.hidden()];
    for (int i = 0; i < count; i++) {
      int at = stateRows[from + i] * sizes.hidden();
      JavaKernels.rmsNorm(weights.finalNorm(), sizes.rmsNormEps(), states, at, normed);
      JavaKernels.multiply(weights.head(), normed, 0, logits, offset + i * sizes.vocabulary());
    }
  }

  @Override
  public void close() {}
}
