package dev.mor4j.benchmarks.peers;

/**
 * An opened model of some engine that generates greedily, several sequences at a time where it can.
 * Owns all that the engine has allocated. For one thread.
 */
public interface PeerEngine extends AutoCloseable {
  /**
   * Forgets what was there, takes every prompt through the model and returns the first new token of
   * each. Nothing of an earlier prompt is used again.
   *
   * @param prompts token ids, one array for each sequence
   * @param steps how often {@link #step} will be called at most
   */
  int[] prefill(int[][] prompts, int steps);

  /** The next token of each sequence. */
  int[] step();

  @Override
  void close();
}
