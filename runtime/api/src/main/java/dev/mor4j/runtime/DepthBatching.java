package dev.mor4j.runtime;

/** How sequences at different recursion depths share the passes of the block. */
public enum DepthBatching {
  /**
   * Tokens of any depth share a pass, and one that exits leaves its place to another at once
   * (continuous depth-wise batching, section 3.3 of arXiv 2507.10524).
   */
  CONTINUOUS,
  /**
   * All sequences begin a token together, and the step waits for its deepest one; tokens that have
   * exited are not computed any further. The baseline.
   */
  OFF,
  /**
   * As {@link #OFF}, and the places of tokens that have exited stay taken: they are computed to the
   * end of the step and the results dropped, as in a batch of a fixed shape. The baseline of a
   * device on which a pass costs the same however many rows it has; with expert-choice only, else
   * as {@link #OFF}.
   */
  PADDED
}
