package dev.mor4j.runtime.sampling;

import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Chooses the next token from its logits: repetition penalty, temperature, top-k, top-p, min-p, and
 * of the candidates that are left the one whose logit with the noise of its position is the
 * largest; without a temperature the largest logit. docs/forward-pass.md, section 10, defines it.
 * The choice follows from logits, options, seed and position, and from nothing chosen before.
 * Borrows its arrays. One generation, one thread.
 */
public final class Sampler {
  private final double temperature;
  private final int topK;
  private final double topP;
  private final double minLog;
  private final float repetitionPenalty;
  private final long seed;
  private final int vocabulary;

  /** Null without a repetition penalty, as is {@link #seenIds}. */
  private final boolean[] seen;

  private final int[] seenIds;
  private int seenCount;
  private final SamplingBuffers buffers;

  /** Whose logits these are, for messages. */
  private String model = "(no folder)";

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
    this.minLog = minP > 0 ? StrictMath.log(minP) : Double.NEGATIVE_INFINITY;
    this.repetitionPenalty = (float) repetitionPenalty;
    this.seed = seed;
    this.seen = this.repetitionPenalty == 1 ? null : buffers.seen(vocabulary);
    this.seenIds = seen == null ? null : buffers.seenIds();
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
    if (seen != null && !seen[id]) {
      seen[id] = true;
      seenIds[seenCount++] = id;
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

  /** 1 for all. */
  public double topP() {
    return topP;
  }

  /** The natural logarithm of min-p; -infinity for all. */
  public double minLog() {
    return minLog;
  }

  /** What the noise of a position comes from, for whoever chooses elsewhere by the same rules. */
  public long draw(int position) {
    return TokenNoise.draw(seed, position);
  }

  /**
   * The token at {@code position} of its sequence.
   *
   * @param logits [≥ V], changed by the repetition penalty
   * @throws NonFiniteLogitsException when no logit is a number above -infinity
   */
  public int next(float[] logits, int position) {
    return next(logits, 0, position);
  }

  /** As above, with the V logits from {@code logits[from]} on. */
  public int next(float[] logits, int from, int position) {
    for (int i = 0; i < seenCount; i++) {
      int at = from + seenIds[i];
      logits[at] = penalised(logits[at]);
    }
    int best = largest(logits, from);
    return temperature == 0 || logits[from + best] == Float.POSITIVE_INFINITY
        ? best
        : buffers.chooser().choose(logits, from, vocabulary, best, this, draw(position));
  }

  /**
   * Changes the logits of one row by the repetition penalty.
   *
   * @param logits float32, the row's first at byte {@code offset}
   */
  public void penalise(MemorySegment logits, long offset) {
    for (int i = 0; i < seenCount; i++) {
      long at = offset + (long) seenIds[i] * Float.BYTES;
      logits.set(ValueLayout.JAVA_FLOAT, at, penalised(logits.get(ValueLayout.JAVA_FLOAT, at)));
    }
  }

  private float penalised(float logit) {
    return logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
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
}
