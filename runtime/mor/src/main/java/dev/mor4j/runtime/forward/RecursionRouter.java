package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.PreparedRouting;
import java.util.Optional;

/**
 * Decides how deep tokens go. A token is in the block from {@link #enter} until one of these
 * methods says that it is through; rows of a list may be at different recursions.
 */
sealed interface RecursionRouter permits ExpertChoiceRouter, TokenChoiceRouter, UnroutedTokens {
  /**
   * Decides about the first recursion of tokens whose states are those after the unique first
   * layer.
   *
   * @return how many of {@code rows} take it; they come first then, in the same order
   */
  int enter(int[] rows, int count, PassBuffers buffers);

  /**
   * Decides about the next recursion of tokens that have taken one.
   *
   * @return how many of {@code rows} take it; they come first then, in the same order
   */
  int next(int[] rows, int count, PassBuffers buffers);

  /** Makes the states of tokens that are through ready for the unique last layer. */
  void leave(int[] rows, int count, PassBuffers buffers);

  /** The routing as the backend decides by itself, if it does. */
  Optional<PreparedRouting> prepared();
}
