package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.cache.SequenceCaches;
import java.util.Arrays;

/**
 * The tokens of one call, of one sequence or of several. Those of one sequence follow each other in
 * order of position. Filled anew for each call; grows with the largest. Belongs to its {@link
 * PassBuffers}; one thread at a time.
 */
public final class TokenBatch {
  /** Tokens in use. */
  int count;

  /** [count] token ids. */
  int[] ids = {};

  /** [count] place of each token in its sequence. */
  int[] positions = {};

  /** [count] the caches of each token's sequence. */
  SequenceCaches[] caches = {};

  /** [count] receives in how many recursions each token took part. */
  int[] depths = {};

  TokenBatch() {}

  /** Makes room for {@code tokens} tokens and forgets those that were there. */
  void reserve(int tokens) {
    clear();
    if (ids.length < tokens) {
      ids = new int[tokens];
      positions = new int[tokens];
      caches = new SequenceCaches[tokens];
      depths = new int[tokens];
    }
  }

  /** Adds a token that is not in {@code caches} yet; all before it are, or are in this batch. */
  void add(int id, int position, SequenceCaches of) {
    ids[count] = id;
    positions[count] = position;
    caches[count] = of;
    depths[count] = 0;
    count++;
  }

  /** Whether all tokens belong to one sequence. */
  boolean isOneSequence() {
    for (int i = 1; i < count; i++) {
      if (caches[i] != caches[0]) {
        return false;
      }
    }
    return true;
  }

  /** In how many recursions token {@code token} took part in the last call. */
  public int depth(int token) {
    return depths[token];
  }

  /** Forgets the tokens, so that nothing keeps their caches alive. */
  void clear() {
    Arrays.fill(caches, 0, count, null);
    count = 0;
  }
}
