package dev.mor4j.runtime.backend;

import dev.mor4j.runtime.sampling.Sampler;

/**
 * One token of each of several sequences, with a place in every cache that it may reach. Filled
 * anew for each step, allocated once; one thread at a time.
 */
public final class DecodeStep {
  /** Tokens, in state rows 0 .. count-1. */
  public int count;

  /** [count] token ids. */
  public int[] ids = {};

  /** [count] in how many recursions each took part; filled by the program. */
  public int[] depths = {};

  /**
   * [count] who chooses each one's next token, all by logits alone, at most {@link
   * Workspace#maxLogitRows()} of them; null where none is wanted.
   */
  public Sampler[] samplers;

  /** [count] the positions that the tokens are chosen for, with samplers. */
  public int[] positions = {};

  /** [count] the tokens chosen, -1 where no logit was usable; filled by the program. */
  public int[] tokens = {};

  /** Recursions that may run. */
  public int maxRecursions;

  /** Least router output that takes part. */
  public double logitThreshold;

  /** The rows in the cache of all tokens, with their positions; not in use where there is none. */
  public final RowPass common;

  /** The rows in the caches of each recursion that may run. */
  public final RowPass[] recursions;

  /**
   * @param maxRows most tokens
   * @param recursions N
   */
  public DecodeStep(int maxRows, int recursions) {
    this.common = new RowPass(maxRows);
    this.recursions = new RowPass[recursions];
    for (int r = 0; r < recursions; r++) {
      this.recursions[r] = new RowPass(maxRows);
    }
  }

  /** Drops the references to caches and samplers. */
  public void clear() {
    samplers = null;
    common.clear();
    for (RowPass pass : recursions) {
      pass.clear();
    }
  }
}
