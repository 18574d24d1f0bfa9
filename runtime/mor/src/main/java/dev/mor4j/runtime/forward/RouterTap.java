package dev.mor4j.runtime.forward;

/** Sees what the routers say of a text while it is scored; as {@link LogitsTap}, for checks. */
@FunctionalInterface
public interface RouterTap {
  /**
   * Sees the outputs that expert-choice compares with its threshold, before recursion {@code
   * recursion}. Not called where nothing is compared: top-k, token-choice, and recursions that take
   * all tokens.
   *
   * @param tokens places in the text of the {@code count} tokens that reached the recursion, valid
   *     during the call only
   * @param outputs of the router that decides, one for each, valid during the call only
   * @param logitThreshold least output that takes part
   */
  void accept(int recursion, int count, int[] tokens, float[] outputs, double logitThreshold);
}
