package dev.mor4j.runtime.sampling;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Chooses the next token from its logits: repetition penalty, temperature, top-k, top-p, min-p,
 * then a draw from a seeded generator; or the largest. Allocates nothing once made; borrows its
 * arrays. One generation, one thread.
 */
public final class Sampler {
  private final double temperature;
  private final int topK;
  private final double topP;
  private final double minP;
  private final float repetitionPenalty;
  private final RandomGenerator random;
  private final int vocabulary;

  /** Null without a repetition penalty. */
  private final boolean[] seen;

  /** Null for greedy, as is {@link #heap}. */
  private final double[] probabilities;

  private final int[] heap;

  /**
   * @param vocabulary V
   * @param temperature 0 for the largest logit
   * @param topK 0 for all
   * @param buffers lent for as long as this is used
   */
  public Sampler(
      int vocabulary,
      double temperature,
      int topK,
      double topP,
      double minP,
      double repetitionPenalty,
      long seed,
      SamplingBuffers buffers) {
    this.vocabulary = vocabulary;
    this.temperature = temperature;
    this.topK = topK;
    this.topP = topP;
    this.minP = minP;
    this.repetitionPenalty = (float) repetitionPenalty;
    this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    this.seen = this.repetitionPenalty == 1 ? null : buffers.seen(vocabulary);
    this.probabilities = temperature == 0 ? null : buffers.probabilities(vocabulary);
    this.heap = temperature == 0 ? null : buffers.heap(vocabulary);
  }

  /** Tells the repetition penalty of a token of the text. */
  public void saw(int id) {
    if (seen != null) {
      seen[id] = true;
    }
  }

  /**
   * The next token.
   *
   * @param logits [≥ V], changed by the repetition penalty
   * @throws ArithmeticException when no logit is a number
   */
  public int next(float[] logits) {
    penalise(logits);
    int best = largest(logits);
    return temperature == 0 ? best : draw(logits, best);
  }

  private void penalise(float[] logits) {
    if (seen == null) {
      return;
    }
    for (int i = 0; i < seen.length; i++) {
      if (seen[i]) {
        logits[i] = logits[i] > 0 ? logits[i] / repetitionPenalty : logits[i] * repetitionPenalty;
      }
    }
  }

  /** The largest logit, of equal ones the first. NaN is never chosen. */
  private int largest(float[] logits) {
    int best = -1;
    for (int i = 0; i < vocabulary; i++) {
      if (!Float.isNaN(logits[i]) && (best < 0 || logits[i] > logits[best])) {
        best = i;
      }
    }
    if (best < 0 || logits[best] == Float.NEGATIVE_INFINITY) {
      throw new ArithmeticException(
          "the model computed no usable logit (all are NaN or -infinity)");
    }
    return best;
  }

  private int draw(float[] logits, int best) {
    if (logits[best] == Float.POSITIVE_INFINITY) {
      return best;
    }
    double total = 0;
    for (int i = 0; i < probabilities.length; i++) {
      double p = Math.exp((logits[i] - logits[best]) / temperature);
      probabilities[i] = p > 0 ? p : 0;
      total += probabilities[i];
    }
    // The most likely token has probability 1 before division by the sum, so min-p compares with it
    // directly.
    int kept = topK > 0 || topP < 1 ? keepLikeliest(total) : 0;
    double mass = 0;
    for (int n = 0; n < candidates(kept); n++) {
      mass += probability(candidate(kept, n));
    }
    double point = random.nextDouble() * mass;
    int chosen = best;
    for (int n = 0; n < candidates(kept); n++) {
      int id = candidate(kept, n);
      double p = probability(id);
      if (p > 0) {
        chosen = id;
        point -= p;
        if (point < 0) {
          break;
        }
      }
    }
    return chosen;
  }

  private int candidates(int kept) {
    return kept == 0 ? probabilities.length : kept;
  }

  private int candidate(int kept, int n) {
    return kept == 0 ? n : heap[heap.length - 1 - n];
  }

  private double probability(int id) {
    return probabilities[id] >= minP ? probabilities[id] : 0;
  }

  /**
   * Takes the likeliest tokens from a heap until top-k or top-p is reached. They stand at the end
   * of {@link #heap}, the likeliest last. Top-p counts its share of what top-k has left.
   */
  private int keepLikeliest(double total) {
    int size = heap.length;
    for (int i = 0; i < size; i++) {
      heap[i] = i;
    }
    for (int i = size / 2 - 1; i >= 0; i--) {
      sink(i, size);
    }
    int limit = topK > 0 ? Math.min(topK, size) : size;
    double sum = 0;
    int kept = 0;
    // Without top-k the mass is known, so that only the nucleus is taken from the heap.
    double enough = topK > 0 ? Double.POSITIVE_INFINITY : topP * total;
    while (kept < limit && sum < enough) {
      int top = heap[0];
      size--;
      heap[0] = heap[size];
      heap[size] = top;
      sink(0, size);
      sum += probabilities[top];
      kept++;
    }
    if (topK > 0 && topP < 1) {
      double wanted = topP * sum;
      double reached = 0;
      int nucleus = 0;
      while (nucleus < kept && reached < wanted) {
        reached += probabilities[heap[heap.length - 1 - nucleus]];
        nucleus++;
      }
      kept = nucleus;
    }
    return Math.max(1, kept);
  }

  private void sink(int from, int size) {
    int i = from;
    while (true) {
      int child = 2 * i + 1;
      if (child >= size) {
        return;
      }
      if (child + 1 < size && before(heap[child + 1], heap[child])) {
        child++;
      }
      if (!before(heap[child], heap[i])) {
        return;
      }
      int moved = heap[i];
      heap[i] = heap[child];
      heap[child] = moved;
      i = child;
    }
  }

  /** Likelier, of equal ones the lower id. */
  private boolean before(int a, int b) {
    return probabilities[a] > probabilities[b] || (probabilities[a] == probabilities[b] && a < b);
  }
}
