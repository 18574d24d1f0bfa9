package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.routing.RoutingSettings;

/** Takes the tokens of a call through the recursions that they are given. */
sealed interface RecursionRouter permits ExpertChoiceRouter, TokenChoiceRouter {
  /** See {@link ForwardPass#run}; the states are those after the unique first layer. */
  void run(
      int count,
      int position,
      SequenceCaches caches,
      RoutingSettings settings,
      PassBuffers buffers,
      int[] depths);
}
