package dev.mor4j.runtime.sampling;

import java.util.Arrays;

/**
 * The arrays of a {@link Sampler}, each as long as the vocabulary and made when a generation first
 * needs it. Reused by generations one after the other; one thread at a time.
 */
public final class SamplingBuffers {
  private static final boolean[] NO_FLAGS = {};
  private static final double[] NO_NUMBERS = {};
  private static final int[] NO_IDS = {};

  private boolean[] seen = NO_FLAGS;
  private double[] probabilities = NO_NUMBERS;
  private int[] heap = NO_IDS;

  /** Flags of tokens, all false. */
  boolean[] seen(int vocabulary) {
    if (seen.length != vocabulary) {
      seen = new boolean[vocabulary];
    }
    Arrays.fill(seen, false);
    return seen;
  }

  /** Undefined numbers. */
  double[] probabilities(int vocabulary) {
    if (probabilities.length != vocabulary) {
      probabilities = new double[vocabulary];
    }
    return probabilities;
  }

  /** Undefined ids. */
  int[] heap(int vocabulary) {
    if (heap.length != vocabulary) {
      heap = new int[vocabulary];
    }
    return heap;
  }
}
