package dev.mor4j.runtime.backend;

import dev.mor4j.runtime.memory.PageMemory;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.weights.RouterWeights;
import java.util.List;
import java.util.Optional;

/**
 * What computes: the operations of docs/forward-pass.md, section 2, on the weights of one model.
 * Shared between threads, each with its own {@link Workspace}. The values of a row never depend on
 * the other rows of a call: the same token with the same cache has the same bits, alone or in any
 * batch.
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

  /** Where the KV pages of passes lie. */
  PageMemory pageMemory();

  /** Makes a router ready. */
  PreparedRouter prepare(RouterWeights router);

  /**
   * Makes a model's routing ready; empty for a backend that does not decide by itself: it gives the
   * outputs of routers then.
   */
  Optional<PreparedRouting> prepare(RoutingPlan plan);

  /**
   * Makes a program that takes tokens all the way by itself; empty for a backend that is led
   * through each recursion.
   */
  Optional<DecodeProgram> prepare(DecodePlan plan);

  /** Allocates activations for passes of up to {@code maxRows} rows. The caller owns them. */
  Workspace newWorkspace(int maxRows);

  /**
   * Makes room for sequences of up to {@code positions} positions, so that later passes over a
   * token of one need no more of it; computes nothing.
   */
  void reserve(int positions, Workspace workspace);

  /**
   * Hidden state {@code stateRows[i]} becomes the embedding of {@code ids[stateRows[i]]}, for
   * {@code i < count}.
   */
  void embed(Workspace workspace, int[] ids, int[] stateRows, int count);

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

  /**
   * Decides by the threshold rule, or by token-choice, about hidden states, and keeps the gates for
   * passes of {@link RowPass.Gating#DECIDED}.
   *
   * @throws UnsupportedOperationException where it does not decide by itself
   */
  void decide(PreparedRouting routing, RoutingDecision decision, Workspace workspace);

  /** Copies hidden states {@code stateRows[i]}, {@code i < count}, to the recursion states. */
  void beginRecursions(int[] stateRows, int count, Workspace workspace);

  /**
   * Hidden state {@code r} += {@code gates[i]} · recursion state {@code r} for {@code r =
   * stateRows[i]}, {@code i < count}.
   *
   * @param gates null for those that the backend has decided
   */
  void endRecursions(int[] stateRows, float[] gates, int count, Workspace workspace);

  /**
   * The logits [count, V] of hidden states {@code stateRows[from ..]}, after the final norm, from
   * {@code logits[offset]} on.
   *
   * @param count at most {@link Workspace#maxLogitRows()}
   */
  void logits(
      int[] stateRows, int from, int count, float[] logits, int offset, Workspace workspace);

  /**
   * Whether it chooses tokens as {@code sampler} would, with {@link #chooseTokens}; else the logits
   * come to the host.
   */
  boolean choosesFor(Sampler sampler);

  /**
   * The token at {@code positions[i]} by the logits of hidden state {@code stateRows[i]}, as {@code
   * samplers[i]} would choose it, for {@code from <= i < from + count}: into {@code tokens[i]}, -1
   * where no logit is usable.
   *
   * @param samplers those that it {@link #choosesFor}
   * @param count at most {@link Workspace#maxLogitRows()}
   * @throws UnsupportedOperationException where it does not
   */
  void chooseTokens(
      int[] stateRows,
      Sampler[] samplers,
      int[] positions,
      int[] tokens,
      int from,
      int count,
      Workspace workspace);

  @Override
  void close();
}
