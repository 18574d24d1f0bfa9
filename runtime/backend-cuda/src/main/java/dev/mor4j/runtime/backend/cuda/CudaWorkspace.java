package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaGraph;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Hidden states, activations and row tables of one running call in device memory, with the graphs
 * that were captured with them. Owns all of them. One thread at a time.
 */
final class CudaWorkspace implements Workspace {
  /**
   * The system property that switches graphs off when it is {@code false}. It helps to tell whether
   * a fault, or a gain, comes from graphs or from kernels.
   */
  static final String GRAPHS = "mor4j.cuda.graphs";

  private static final long LOGIT_BYTES = 64L << 20;

  final RowTables tables;
  final Activations activations;
  final LayerLaunches launches;
  final Decisions decisions;

  /** What comes back to the host. */
  final PinnedBuffer results;

  /** How tokens are chosen. */
  final PinnedBuffer draws;

  final DeviceBuffer deviceDraws;
  final DeviceBuffer tokens;
  final DeviceBuffer logits;

  private final int maxRows;
  private final int maxLogitRows;
  private final int hidden;
  private final DeviceBuffer hiddenStates;
  private final DeviceBuffer recursionStates;
  private final Map<GraphKey, CudaGraph> graphs = new HashMap<>();

  /** What has been enqueued at least once. */
  private final Set<GraphKey> known = new HashSet<>();

  private final boolean usesGraphs;
  private int states;
  private int[] firstRows = {};
  private boolean closed;

  /**
   * What a graph does.
   *
   * @param what the layers or the program, by identity
   * @param bucket rows it is made for
   * @param state the states that it reads and writes
   * @param gating what becomes of its result
   * @param prompts which rows are of prompts
   */
  record GraphKey(
      Object what, int bucket, State state, RowPass.Gating gating, LayerLaunches.Prompts prompts) {
    /** For what has no variants. */
    static GraphKey of(Object what, int bucket) {
      return new GraphKey(
          what, bucket, State.HIDDEN, RowPass.Gating.REPLACE, LayerLaunches.Prompts.NONE);
    }
  }

  /**
   * @param caches caches of a row that one pass describes at most
   */
  CudaWorkspace(
      DeviceQueue queue,
      DeviceShape shape,
      int maxRows,
      int caches,
      Activations activations,
      LayerLaunches launches) {
    this.usesGraphs = !"false".equals(System.getProperty(GRAPHS));
    this.maxRows = maxRows;
    this.hidden = shape.hidden();
    this.maxLogitRows =
        Math.clamp(LOGIT_BYTES / Float.BYTES / shape.sizes().vocabulary(), 1, maxRows);
    this.activations = activations;
    this.launches = launches;
    this.tables = new RowTables(queue, maxRows, caches);
    this.decisions = new Decisions(queue.context());
    this.results = new PinnedBuffer(queue);
    this.draws = new PinnedBuffer(queue);
    this.deviceDraws = new DeviceBuffer(queue.context(), Element.SAMPLING);
    this.tokens = new DeviceBuffer(queue.context(), Element.INT32);
    this.logits = new DeviceBuffer(queue.context(), Element.F32);
    this.hiddenStates = new DeviceBuffer(queue.context(), Element.F32);
    this.recursionStates = new DeviceBuffer(queue.context(), Element.F32);
  }

  /** The rows that a graph for {@code rows} rows is made for: the next power of two. */
  static int bucket(int rows) {
    return Integer.highestOneBit(Math.max(1, 2 * rows - 1));
  }

  @Override
  public int maxRows() {
    return maxRows;
  }

  @Override
  public int maxLogitRows() {
    return maxLogitRows;
  }

  @Override
  public void reserveTokens(int count) {
    states = Math.max(states, count);
    boolean moved = hiddenStates.reserve((long) states * hidden);
    if (recursionStates.isReserved()) {
      moved |= recursionStates.reserve((long) states * hidden);
    }
    moved |= decisions.reserve(states);
    if (tables.reserve(states, 0) || moved) {
      dropGraphs();
    }
  }

  /** Makes room for the page tables of a pass. */
  void reserveTables(long bytes) {
    if (tables.reserve(states, bytes)) {
      dropGraphs();
    }
  }

  /**
   * Begins the description of rows. Where a pass before found no room for its tables, none are
   * left: then they are made again.
   */
  void beginTables() {
    reserveTables(0);
    tables.begin();
  }

  /** Makes room for the logits of {@code rows} rows, and for what their tokens are chosen by. */
  void reserveHead(int rows, long logitCount) {
    boolean moved = logits.reserve(logitCount);
    moved |= deviceDraws.reserve(rows);
    moved |= tokens.reserve(rows);
    if (moved) {
      dropGraphs();
    }
  }

  /** The states [C, H]; recursion states are allocated when they are first asked for. */
  DeviceView state(State state) {
    if (state == State.HIDDEN) {
      return hiddenStates.view();
    }
    if (recursionStates.reserve((long) states * hidden)) {
      dropGraphs();
    }
    return recursionStates.view();
  }

  /** State rows that there is room for. */
  int states() {
    return states;
  }

  /** State rows 0, 1, .. at least {@code count} of them. */
  int[] firstRows(int count) {
    if (firstRows.length < count) {
      firstRows = new int[states];
      Arrays.setAll(firstRows, i -> i);
    }
    return firstRows;
  }

  /**
   * Enqueues what {@code key} stands for. The first time its kernels are launched one by one, which
   * loads them; from then on a graph does it, unless graphs are switched off ({@value #GRAPHS}).
   *
   * @param prepare sees to what may not be done in a capture
   * @param enqueue launches it; must only enqueue
   */
  void launch(GraphKey key, CudaStream stream, Runnable prepare, Runnable enqueue) {
    CudaGraph graph = graphs.get(key);
    if (graph == null) {
      prepare.run();
      if (!usesGraphs || !known.contains(key)) {
        enqueue.run();
        // Only now: where it fails for want of memory, the next try is the first one again.
        known.add(key);
        return;
      }
      graph = stream.capture(enqueue);
      graphs.put(key, graph);
    }
    graph.launch(stream);
    DeviceActivity.launched(graph.nodeCount());
  }

  private void dropGraphs() {
    graphs.values().forEach(CudaGraph::close);
    graphs.clear();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      dropGraphs();
      tables.close();
      decisions.close();
      activations.close();
      results.close();
      draws.close();
      deviceDraws.close();
      tokens.close();
      logits.close();
      hiddenStates.close();
      recursionStates.close();
    }
  }
}
