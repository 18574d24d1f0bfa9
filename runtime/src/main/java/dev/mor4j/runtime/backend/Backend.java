package dev.mor4j.runtime.backend;

import dev.mor4j.runtime.weights.RouterWeights;
import java.util.List;

/**
 * What computes: the operations of FORWARD-PASS on the weights of one model. Shared between
 * threads, each with its own {@link Workspace}. The values of a row never depend on the other rows
 * of a call: the same token with the same cache has the same bits, alone or in any batch.
 */
public interface Backend extends AutoCloseable {
  /** What computes, for reports: kernels, instruction set, threads. */
  String description();

  /**
   * Makes {@code layers} ready.
   *
   * @param layers in the order in which a pass applies them
   * @param pageLayers layers that a page of their cache holds
   */
  PreparedLayers prepare(List<CachedLayer> layers, int pageLayers);

  /** Makes a router ready. */
  PreparedRouter prepare(RouterWeights router);

  /** Allocates activations for passes of up to {@code maxRows} rows. The caller owns them. */
  Workspace newWorkspace(int maxRows);

  /**
   * Makes room for sequences of up to {@code positions} positions, so that later passes over a
   * token of one need no more of it; computes nothing.
   */
  void reserve(int positions, Workspace workspace);

  /**
   * Hidden state {@code i} becomes the embedding of {@code ids[from + i]}, for {@code i < count}.
   */
  void embed(Workspace workspace, int[] ids, int from, int count);

  /**
   * Applies {@code layers} to the rows of {@code pass}; keys and values go into the caches that it
   * names.
   */
  void run(PreparedLayers layers, RowPass pass, Workspace workspace);

  /**
   * {@code z[i·outs + o]} = output {@code o} of the router for hidden state {@code stateRows[i]},
   * for {@code i < count}.
   */
  void route(PreparedRouter router, int[] stateRows, int count, float[] z, Workspace workspace);

  /** Copies the first {@code count} hidden states to the recursion states. */
  void beginRecursions(int count, Workspace workspace);

  /**
   * Hidden state {@code i} += {@code gates[i]} · recursion state {@code i}, for {@code i < count}.
   */
  void endRecursions(float[] gates, int count, Workspace workspace);

  /**
   * The logits [count, V] of hidden states {@code firstRow .. firstRow + count - 1}, after the
   * final norm, from {@code logits[offset]} on.
   *
   * @param count at most {@link Workspace#maxLogitRows()}
   */
  void logits(int firstRow, int count, float[] logits, int offset, Workspace workspace);

  @Override
  void close();
}
