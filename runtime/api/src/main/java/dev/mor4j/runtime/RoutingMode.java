package dev.mor4j.runtime;

/**
 * How expert-choice routing decides which tokens take part in a recursion; section 2.2.1 of arXiv
 * 2507.10524.
 */
public enum RoutingMode {
  /**
   * Those with the largest weights, as many as the capacity says of the whole text: how models are
   * trained and scored. Looks at the whole text, so nothing can be generated with it.
   */
  TOP_K,
  /**
   * Those whose router says yes: causal, so this is how text is generated. Models without a router
   * accept it too.
   */
  THRESHOLD
}
