package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.routing.RoutingSettings;

/** Takes the tokens of a call through the recursions that they are given. */
sealed interface RecursionRouter permits ExpertChoiceRouter, TokenChoiceRouter {
  /**
   * Takes the tokens of {@code buffers} through the block as often as each is given, and notes
   * their depths; the states are those after the unique first layer, all of them active.
   */
  void run(RoutingSettings settings, PassBuffers buffers);
}
