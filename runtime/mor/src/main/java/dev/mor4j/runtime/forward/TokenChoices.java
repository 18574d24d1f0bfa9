package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import dev.mor4j.runtime.sampling.Sampler;
import java.util.Arrays;

/**
 * Rows that have left the model and want a next token: who chooses it, and what came of it. Filled
 * anew for each {@link ForwardPass#choose}, allocated once; one thread at a time.
 */
public final class TokenChoices {
  int count;
  int[] rows = new int[1];
  Sampler[] samplers = new Sampler[1];
  int[] positions = new int[1];
  int[] tokens = new int[1];
  RuntimeException[] failures = new RuntimeException[1];

  /** Null where nobody looks. */
  LogitsTap tap;

  /** Forgets what was wanted and chosen. */
  public void clear() {
    Arrays.fill(samplers, 0, count, null);
    Arrays.fill(failures, 0, count, null);
    count = 0;
  }

  /**
   * Wants the token at {@code position}, after the one whose state is in {@code row}. The sampler
   * is used until the choice is made, perhaps by another thread.
   */
  public void add(int row, Sampler sampler, int position) {
    if (count == rows.length) {
      rows = Arrays.copyOf(rows, 2 * count);
      samplers = Arrays.copyOf(samplers, 2 * count);
      positions = Arrays.copyOf(positions, 2 * count);
      tokens = Arrays.copyOf(tokens, 2 * count);
      failures = Arrays.copyOf(failures, 2 * count);
    }
    rows[count] = row;
    positions[count] = position;
    samplers[count++] = sampler;
  }

  /**
   * The token chosen for the {@code index}-th that was added.
   *
   * @throws NonFiniteLogitsException when no logit was a number above -infinity
   */
  public int token(int index) {
    if (failures[index] != null) {
      throw failures[index];
    }
    return tokens[index];
  }

  /** Lets {@code consumer} see the logits; they come to the host then. */
  public void tapLogits(LogitsTap consumer) {
    tap = consumer;
  }
}
