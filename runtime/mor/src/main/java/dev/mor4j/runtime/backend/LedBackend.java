package dev.mor4j.runtime.backend;

import dev.mor4j.runtime.sampling.Sampler;
import java.util.Optional;

/**
 * A backend that decides nothing by itself: it is led through each recursion, and the outputs of
 * routers come to the host, and the logits where it does not choose tokens.
 */
public interface LedBackend extends Backend {
  @Override
  default Optional<PreparedRouting> prepare(RoutingPlan plan) {
    return Optional.empty();
  }

  @Override
  default Optional<DecodeProgram> prepare(DecodePlan plan) {
    return Optional.empty();
  }

  @Override
  default void decide(PreparedRouting routing, RoutingDecision decision, Workspace workspace) {
    throw decidesNothing();
  }

  /** What asking for a decision, or for gates that come from one, is answered with. */
  static UnsupportedOperationException decidesNothing() {
    return new UnsupportedOperationException("router outputs of this backend come to the host");
  }

  @Override
  default boolean choosesFor(Sampler sampler) {
    return false;
  }

  @Override
  default void chooseTokens(
      int[] stateRows,
      Sampler[] samplers,
      int[] positions,
      int[] tokens,
      int from,
      int count,
      Workspace workspace) {
    throw new UnsupportedOperationException("logits of this backend come to the host");
  }
}
