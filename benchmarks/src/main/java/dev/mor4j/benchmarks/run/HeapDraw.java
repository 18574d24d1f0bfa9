package dev.mor4j.benchmarks.run;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * How tokens were drawn before they raced by noise: probabilities in float64, the likeliest from a
 * heap, and the first whose running sum passes a uniform number. What {@link ChoiceBenchmark}
 * compares with.
 */
final class HeapDraw {
  private final double temperature;
  private final int topK;
  private final double topP;
  private final double minP;
  private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
  private final double[] probabilities;
  private final int[] heap;
  private int heapSize;

  HeapDraw(int vocabulary, double temperature, int topK, double topP, double minP) {
    this.temperature = temperature;
    this.topK = topK;
    this.topP = topP;
    this.minP = minP;
    this.probabilities = new double[vocabulary];
    this.heap = new int[vocabulary];
  }

  int draw(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    float largest = logits[best];
    if (largest == Float.POSITIVE_INFINITY) {
      return best;
    }
    double total = 0;
    for (int i = 0; i < probabilities.length; i++) {
      double p = Math.exp((logits[i] - largest) / temperature);
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
    return kept == 0 ? n : heap[heapSize - 1 - n];
  }

  private double probability(int id) {
    return probabilities[id] >= minP ? probabilities[id] : 0;
  }

  /**
   * Takes the likeliest tokens from a heap until top-k or top-p is reached. They stand at the end
   * of what the heap was, the likeliest last. Top-p counts its share of what top-k has left.
   */
  private int keepLikeliest(double total) {
    int size = heapOf(topK > 0 ? 0 : 0.5 * (1 - topP) * total / probabilities.length);
    heapSize = size;
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
        reached += probabilities[heap[heapSize - 1 - nucleus]];
        nucleus++;
      }
      kept = nucleus;
    }
    return Math.max(1, kept);
  }

  /**
   * Puts into the heap the tokens whose probability is at least {@code least}. That bound is half
   * of {@code (1 - topP) / V}: the V tokens below it have less than the mass that top-p may leave
   * out, even all together, so the nucleus never needs one of them.
   */
  private int heapOf(double least) {
    int size = 0;
    for (int i = 0; i < probabilities.length; i++) {
      heap[size] = i;
      size += probabilities[i] >= least ? 1 : 0;
    }
    return size;
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
