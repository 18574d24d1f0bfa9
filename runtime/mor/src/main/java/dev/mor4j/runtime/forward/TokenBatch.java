package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.routing.RoutingSettings;
import java.util.Arrays;

/**
 * The tokens that have hidden states in a workspace, each in the row of its state: of one sequence
 * or of several, at the same recursion or at different ones. Belongs to its {@link PassBuffers};
 * one thread at a time.
 */
public final class TokenBatch {
  /** Tokens of a call that takes its tokens all the way, in rows 0 .. count-1. */
  int count;

  /** Token ids. */
  int[] ids = {};

  /** Place of each token in its sequence. */
  int[] positions = {};

  /** The caches of each token's sequence. */
  SequenceCaches[] caches = {};

  /** How each token is routed. */
  RoutingSettings[] settings = {};

  /** In how many recursions each token has taken part so far. */
  int[] depths = {};

  /** The recursion that each token takes next. */
  int[] recursions = {};

  /** Whether the token takes part in that recursion, or only has its keys and values stored. */
  boolean[] keeps = {};

  /**
   * Expert-choice: the factor of the next recursion's result. Token-choice: the factor of the last
   * one's.
   */
  float[] gates = {};

  /** What the backend has decided about each token, where it decides by itself. */
  int[] outcomes = {};

  /** Token-choice: the last recursion. */
  int[] lastRecursions = {};

  TokenBatch() {}

  /** Makes room for {@code rows} tokens and forgets those that were there. */
  void reserve(int rows) {
    clear();
    if (ids.length < rows) {
      ids = new int[rows];
      positions = new int[rows];
      caches = new SequenceCaches[rows];
      settings = new RoutingSettings[rows];
      depths = new int[rows];
      recursions = new int[rows];
      keeps = new boolean[rows];
      gates = new float[rows];
      lastRecursions = new int[rows];
      outcomes = new int[rows];
    }
  }

  /**
   * Puts a token into {@code row}, which holds none. It is not in its caches yet; those before it
   * in the sequence are, or enter with it.
   */
  public void set(int row, int id, int position, SequenceCaches of, RoutingSettings routing) {
    ids[row] = id;
    positions[row] = position;
    caches[row] = of;
    settings[row] = routing;
    depths[row] = 0;
    recursions[row] = 0;
  }

  /** Forgets the token in {@code row}. */
  public void remove(int row) {
    caches[row] = null;
    settings[row] = null;
  }

  /** In how many recursions the token in {@code row} has taken part. */
  public int depth(int row) {
    return depths[row];
  }

  /** The recursion that the token in {@code row} takes next, while it is in the block. */
  public int recursion(int row) {
    return recursions[row];
  }

  /** Whether all tokens of the call belong to one sequence. */
  boolean isOneSequence() {
    for (int i = 1; i < count; i++) {
      if (caches[i] != caches[0]) {
        return false;
      }
    }
    return true;
  }

  /** Forgets the tokens, so that nothing keeps their caches alive. */
  void clear() {
    Arrays.fill(caches, null);
    Arrays.fill(settings, null);
    count = 0;
  }
}
