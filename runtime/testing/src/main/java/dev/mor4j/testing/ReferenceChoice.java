package dev.mor4j.testing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What docs/forward-pass.md, section 10, says about the choice of a token, written down as plainly
 * as it goes: it sorts. What chooses tokens chooses the same.
 *
 * @param seed of the generation
 * @param temperature 0 for the largest logit
 * @param topK 0 for all
 * @param topP 1 for all
 * @param minP 0 for all
 */
public record ReferenceChoice(long seed, double temperature, int topK, double topP, double minP) {
  private static final double[] EXP2 = {
    0x1.5bba14p-10, 0x1.3cea88p-7, 0x1.c6b752p-5, 0x1.ebf9bcp-3, 0x1.62e42ap-1, 1
  };

  /** The token at {@code position}; -1 where no logit is a number above -infinity. */
  public int choose(float[] logits, int position) {
    List<Integer> tokens = new ArrayList<>();
    for (int id = 0; id < logits.length; id++) {
      if (logits[id] > Float.NEGATIVE_INFINITY) {
        tokens.add(id);
      }
    }
    if (tokens.isEmpty()) {
      return -1;
    }
    // The stable sort leaves equal logits in the order of their ids. Both zeros are equal.
    tokens.sort(Comparator.comparingDouble((Integer id) -> logits[id] + 0.0f).reversed());
    float largest = logits[tokens.get(0)];
    if (temperature == 0 || largest == Float.POSITIVE_INFINITY) {
      return tokens.get(0);
    }
    List<Integer> candidates =
        tokens.subList(0, topK > 0 ? Math.min(topK, tokens.size()) : tokens.size());
    candidates = candidates.subList(0, nucleus(logits, candidates));
    int chosen = -1;
    double best = Double.NEGATIVE_INFINITY;
    for (int id : candidates) {
      double noisy = (logits[id] - largest) / temperature + gumbel(noise(position, id));
      boolean isLikely = minP == 0 || logits[id] >= largest + temperature * StrictMath.log(minP);
      if (isLikely && (noisy > best || (noisy == best && id < chosen))) {
        best = noisy;
        chosen = id;
      }
    }
    return chosen;
  }

  /** How many of the candidates have less than top-p of the mass of all before them. */
  private int nucleus(float[] logits, List<Integer> candidates) {
    if (topP >= 1) {
      return candidates.size();
    }
    float largest = logits[candidates.get(0)];
    long total = 0;
    for (int id : candidates) {
      total += weight(logits[id], largest);
    }
    double wanted = Math.ceil(topP * total);
    long before = 0;
    int count = 0;
    while (count < candidates.size() && (count == 0 || before < wanted)) {
      before += weight(logits[candidates.get(count)], largest);
      count++;
    }
    return count;
  }

  /** The probability relative to the largest logit's, in whole units of 2^-30. */
  public long weight(float logit, float largest) {
    float scale = (float) Math.min(1.4426950408889634 / temperature, Float.MAX_VALUE);
    float exponent = (logit - largest) * scale;
    if (!(exponent > -32)) {
      return 0;
    }
    float whole = (float) Math.rint(exponent);
    float power = 0;
    for (double coefficient : EXP2) {
      power = power * (exponent - whole) + (float) coefficient;
    }
    return (long) (power * Math.pow(2, whole + 30));
  }

  /** 32 bits for a position and a token. */
  public long noise(int position, int id) {
    long draw = mix(mix(seed) + 0x9E3779B97F4A7C15L * position);
    int h = id ^ (int) draw;
    h ^= h >>> 17;
    h *= 0xED5AD4BB;
    h ^= h >>> 11;
    h += (int) (draw >>> 32);
    h *= 0xAC4C1B51;
    h ^= h >>> 15;
    h *= 0x31848BAB;
    h ^= h >>> 14;
    return Integer.toUnsignedLong(h);
  }

  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }

  private static double gumbel(long bits) {
    return -StrictMath.log(-StrictMath.log((bits + 0.5) / 4294967296.0));
  }
}
