package dev.mor4j.runtime.sampling;

import java.util.Arrays;

/**
 * The choice of a token as docs/forward-pass.md, section 10, defines it, in plain Java. Candidates
 * come first in the order of tokens by logit, of equal ones by id; so a set of them is told by its
 * last: all logits above its logit, and those equal to it up to its place. Every pass goes over two
 * stretches, each with a least logit, and nothing is sorted.
 *
 * <p>Keeps arrays that it counts in; one thread at a time.
 */
final class TokenChooser {
  private static final int BLOCK = 256;
  private static final int BIN_BITS = 11;
  private static final int LAST_BITS = 32 - 2 * BIN_BITS;

  /** More than what float32 and the straight lines between powers of two add to a bound. */
  private static final double BOUND_ERROR = 1e-3;

  private final float[] fewLogits = new float[SamplingBuffers.FEW];
  private final int[] fewIds = new int[SamplingBuffers.FEW];
  private final int[] noise = new int[BLOCK];
  private final int[] bins = new int[1 << BIN_BITS];

  private float largest;
  private float scale;
  private double temperature;
  private long draw;

  /** Where the candidates are: logits from {@link #first} on. */
  private float[] logits;

  private int first;
  private int count;

  /** The ids of the logits; null where they are 0, 1, .. */
  private int[] ids;

  /** Candidates are those of {@code [0, border)} from {@link #least} up, behind it above it. */
  private int border;

  private float least;

  /** The best candidate of a race. */
  private double best;

  private int bestAt;

  /**
   * A token by its noise among the candidates.
   *
   * @param logits [.., from + vocabulary)
   * @param largestAt the place after {@code from} of the first largest logit, a finite one
   * @param sampler temperature above 0
   */
  int choose(float[] logits, int from, int vocabulary, int largestAt, Sampler sampler, long draw) {
    this.logits = logits;
    this.first = from;
    this.count = vocabulary;
    this.ids = null;
    this.border = vocabulary;
    this.least = Float.NEGATIVE_INFINITY;
    this.largest = logits[from + largestAt];
    this.temperature = sampler.temperature();
    this.scale = TokenWeights.scale(temperature);
    this.draw = draw;
    int best = largestAt;
    if (sampler.topK() > 0 && sampler.topK() < vocabulary) {
      keepLargest(sampler.topK());
      best = ids == null ? largestAt : firstLargest();
    }
    float likely = leastLikely(largest + temperature * sampler.minLog());
    if (sampler.topP() >= 1) {
      return race(best, likely);
    }
    long wanted = 0;
    while (true) {
      int id = race(best, likely);
      float logit = this.logits[first + bestAt];
      if (wanted == 0) {
        wanted = Math.max(1, (long) Math.ceil(sampler.topP() * mass(border, least)));
      }
      // What comes before the winner decides whether it is in the nucleus; if not, the nucleus lies
      // there.
      if (mass(bestAt, logit) < wanted) {
        return id;
      }
      border = bestAt;
      least = logit;
    }
  }

  /** The least float32 that is not below {@code bound}. */
  private static float leastLikely(double bound) {
    float rounded = (float) bound;
    return rounded < bound ? Math.nextUp(rounded) : rounded;
  }

  private int firstLargest() {
    int at = 0;
    while (logits[first + at] != largest) {
      at++;
    }
    return at;
  }

  /** The id with the largest noisy logit; {@link #bestAt} is its place. */
  private int race(int largestAt, float likely) {
    bestAt = largestAt;
    best = TokenNoise.gumbel(TokenNoise.bits(draw, id(largestAt)));
    race(0, border, Math.max(least, likely));
    race(border, count, Math.max(Math.nextUp(least), likely));
    return id(bestAt);
  }

  private int id(int at) {
    return ids == null ? at : ids[at];
  }

  private void race(int from, int to, float lowest) {
    for (int i = from; i < to; i += BLOCK) {
      int end = Math.min(to, i + BLOCK);
      makeNoise(i, end - i);
      float limit = (float) (best * TokenWeights.LOG2_E - BOUND_ERROR);
      for (int j = i; j < end; j++) {
        float logit = logits[first + j];
        // The noise is at most -ln(1 - u), and the logarithm of a number is at least what the bits
        // of a float32 say: a straight line between powers of two.
        float rest = ~noise[j - i] >>> 1;
        float bound = (logit - largest) * scale + 158 - Float.floatToRawIntBits(rest) * 0x1p-23f;
        if (logit >= lowest && bound > limit) {
          compare(j, logit, noise[j - i]);
          limit = (float) (best * TokenWeights.LOG2_E - BOUND_ERROR);
        }
      }
    }
  }

  /** In loops that the compiler turns into vectors. */
  private void makeNoise(int from, int length) {
    if (ids == null) {
      for (int j = 0; j < length; j++) {
        noise[j] = TokenNoise.bits(draw, from + j);
      }
    } else {
      for (int j = 0; j < length; j++) {
        noise[j] = TokenNoise.bits(draw, ids[from + j]);
      }
    }
  }

  private void compare(int at, float logit, int bits) {
    double value = (double) (logit - largest) / temperature + TokenNoise.gumbel(bits);
    if (value > best || (value == best && at < bestAt)) {
      best = value;
      bestAt = at;
    }
  }

  /** The weights of what is not below {@code lowest} in {@code [0, to)}, and above it behind. */
  private long mass(int to, float lowest) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      float logit = logits[first + i];
      int weight = TokenWeights.weight((logit - largest) * scale);
      sum += logit > lowest || (i < to && logit == lowest) ? weight : 0;
    }
    return sum;
  }

  /**
   * Narrows the candidates, all there are so far, to the {@code k} largest: by a count of the keys'
   * first bits, then of the next ones of those that begin as the k-th does.
   */
  private void keepLargest(int k) {
    if (numbers() <= k) {
      return;
    }
    int needed = k;
    int prefix = 0;
    for (int shift = 32 - BIN_BITS; ; shift = Math.max(0, shift - BIN_BITS)) {
      int width = shift == 0 ? LAST_BITS : BIN_BITS;
      fillBins(prefix, shift, width, shift + BIN_BITS == 32);
      int bin = (1 << width) - 1;
      while (bins[bin] < needed) {
        needed -= bins[bin--];
      }
      prefix = prefix << width | bin;
      if (shift == 0) {
        break;
      }
    }
    least = logit(prefix ^ Integer.MIN_VALUE);
    border = 0;
    while (needed > 0) {
      needed -= logits[first + border++] == least ? 1 : 0;
    }
    if (k <= SamplingBuffers.FEW) {
      copyFew();
    }
  }

  /** Counts the logits whose keys, in the order of unsigned numbers, begin with {@code prefix}. */
  private void fillBins(int prefix, int shift, int width, boolean takesAll) {
    Arrays.fill(bins, 0);
    for (int i = first; i < first + count; i++) {
      int key = key(logits[i]) ^ Integer.MIN_VALUE;
      if (!Float.isNaN(logits[i]) && (takesAll || key >>> (shift + width) == prefix)) {
        bins[key >>> shift & (1 << width) - 1]++;
      }
    }
  }

  /** How many logits are numbers: NaN is never a candidate. */
  private int numbers() {
    int found = 0;
    for (int i = first; i < first + count; i++) {
      found += Float.isNaN(logits[i]) ? 0 : 1;
    }
    return found;
  }

  /** Orders as the logits do; both zeros have the same. */
  private static int key(float logit) {
    return flip(Float.floatToRawIntBits(logit + 0.0f));
  }

  private static float logit(int key) {
    return Float.intBitsToFloat(flip(key));
  }

  private static int flip(int bits) {
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }

  /** Copies the candidates together. */
  private void copyFew() {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      float logit = logits[first + i];
      if (logit > least || (i < border && logit == least)) {
        fewLogits[kept] = logit;
        fewIds[kept++] = i;
      }
    }
    logits = fewLogits;
    first = 0;
    ids = fewIds;
    count = kept;
    border = kept;
    least = Float.NEGATIVE_INFINITY;
  }
}
