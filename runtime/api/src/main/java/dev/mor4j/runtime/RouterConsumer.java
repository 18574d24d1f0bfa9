package dev.mor4j.runtime;

/** Receives what the routers say of a text while it is scored. */
@FunctionalInterface
public interface RouterConsumer {
  /** Does nothing. */
  RouterConsumer NONE = (recursion, count, tokens, outputs, threshold) -> {};

  /**
   * Looks at the outputs that expert-choice compares with its threshold, before recursion {@code
   * recursion}. Not called where nothing is compared: top-k, token-choice, and recursions that take
   * all tokens.
   *
   * @param tokens places in the text of the {@code count} tokens that reached the recursion, valid
   *     during the call only
   * @param outputs of the router that decides, one for each, valid during the call only
   * @param threshold least output that takes part
   */
  void accept(int recursion, int count, int[] tokens, float[] outputs, double threshold);
}
