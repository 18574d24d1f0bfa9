package dev.mor4j.runtime.sampling;

import java.util.Arrays;

/**
 * The arrays of a {@link Sampler}, made when a generation first needs them. Reused by generations
 * one after the other; one thread at a time.
 */
public final class SamplingBuffers {
  /** Most candidates that are copied together; larger sets stay where they are. */
  static final int FEW = 4096;

  private static final boolean[] NO_FLAGS = {};

  private boolean[] seen = NO_FLAGS;
  private int[] seenIds = {};
  private TokenChooser chooser;

  /** Flags of tokens, all false. */
  boolean[] seen(int vocabulary) {
    if (seen.length != vocabulary) {
      seen = new boolean[vocabulary];
      seenIds = new int[vocabulary];
    }
    Arrays.fill(seen, false);
    return seen;
  }

  /** Room for the ids of all tokens that are flagged; undefined. After {@link #seen}. */
  int[] seenIds() {
    return seenIds;
  }

  /** What chooses on the host, with arrays of its own. */
  TokenChooser chooser() {
    if (chooser == null) {
      chooser = new TokenChooser();
    }
    return chooser;
  }
}
