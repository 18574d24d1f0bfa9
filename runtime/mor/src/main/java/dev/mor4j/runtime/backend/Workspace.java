package dev.mor4j.runtime.backend;

/**
 * The activations of one running call: hidden states of up to {@link #reserveTokens} tokens, and
 * scratch memory for passes of up to {@link #maxRows} rows. Owned by the model that lends it; one
 * thread at a time.
 */
public interface Workspace extends AutoCloseable {
  /** The states that passes read and write. */
  enum State {
    /** x: the hidden states. */
    HIDDEN,
    /** y: the states inside the recursions of token-choice routing. */
    RECURSION
  }

  /** Most rows of one pass. */
  int maxRows();

  /** Most rows of one call for logits. */
  int maxLogitRows();

  /** Makes room for the hidden states of {@code tokens} tokens; keeps nothing of what was there. */
  void reserveTokens(int tokens);

  @Override
  void close();
}
