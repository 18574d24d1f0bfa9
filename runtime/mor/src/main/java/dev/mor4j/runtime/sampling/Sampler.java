package dev.mor4j.runtime.sampling;

import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import java.util.Objects;
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

  private final SamplingBuffers buffers;

  /** Whose logits these are, for messages. */
  private String model = "(no folder)";

  /** From the buffers when they are first needed, as is {@link #heap}; never by greedy. */
  private double[] probabilities;

  private int[] heap;

  /** How many tokens were in the heap when it was made. */
  private int heapSize;

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
    this.buffers = buffers;
  }

  /** Says which model the logits are of, for messages; gives this sampler back. */
  public Sampler forModel(String folder) {
    this.model = Objects.requireNonNull(folder, "folder");
    return this;
  }

  /** What it means that the model computed no logit to choose by. */
  public NonFiniteLogitsException unusable() {
    return new NonFiniteLogitsException(model);
  }

  /** Tells the repetition penalty of a token of the text. */
  public void saw(int id) {
    if (seen != null) {
      seen[id] = true;
    }
  }

  /** Whether the choice follows from the logits and the draw alone, whatever the text has been. */
  public boolean needsOnlyLogits() {
    return seen == null;
  }

  /** 0 for the largest logit. */
  public double temperature() {
    return temperature;
  }

  /** 0 for all. */
  public int topK() {
    return topK;
  }

  public double topP() {
    return topP;
  }

  public double minP() {
    return minP;
  }

  /**
   * The draw of the next token, uniform in [0, 1), for whoever chooses it elsewhere by the same
   * rules; 0 without a temperature.
   */
  public double nextPoint() {
    return temperature == 0 ? 0 : random.nextDouble();
  }

  /**
   * The next token.
   *
   * @param logits [≥ V], changed by the repetition penalty
   * @throws NonFiniteLogitsException when no logit is a number above -infinity
   */
  public int next(float[] logits) {
    return next(logits, 0);
  }

  /** As above, with the V logits from {@code logits[from]} on. */
  public int next(float[] logits, int from) {
    penalise(logits, from);
    int best = largest(logits, from);
    return temperature == 0 ? best : draw(logits, from, best);
  }

  private void penalise(float[] logits, int from) {
    if (seen == null) {
      return;
    }
    for (int i = 0; i < seen.length; i++) {
      if (seen[i]) {
        float logit = logits[from + i];
        logits[from + i] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
      }
    }
  }

  /** The largest logit, of equal ones the first. NaN is never chosen. */
  private int largest(float[] logits, int from) {
    float largest = Float.NEGATIVE_INFINITY;
    // A maximum of maxima, which the compiler turns into vectors; NaN takes it over.
    for (int i = from; i < from + vocabulary; i++) {
      largest = Math.max(largest, logits[i]);
    }
    if (Float.isNaN(largest)) {
      largest = largestNumber(logits, from);
    }
    if (largest == Float.NEGATIVE_INFINITY) {
      throw unusable();
    }
    int best = 0;
    while (logits[from + best] != largest) {
      best++;
    }
    return best;
  }

  private float largestNumber(float[] logits, int from) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + vocabulary; i++) {
      largest = logits[i] > largest ? logits[i] : largest;
    }
    return largest;
  }

  private int draw(float[] logits, int from, int best) {
    float largest = logits[from + best];
    if (largest == Float.POSITIVE_INFINITY) {
      return best;
    }
    if (probabilities == null) {
      probabilities = buffers.probabilities(vocabulary);
      heap = buffers.heap(vocabulary);
    }
    double total = 0;
    for (int i = 0; i < probabilities.length; i++) {
      double p = Math.exp((logits[from + i] - largest) / temperature);
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
    int size = heapOf(topK > 0 ? 0 : 0.5 * (1 - topP) * total / vocabulary);
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
    for (int i = 0; i < vocabulary; i++) {
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
