package dev.mor4j.testing;

import java.util.SplittableRandom;

/** Logits of every kind, with every kind of options, for whoever chooses tokens. */
public final class ChoiceCases {
  private static final int[] VOCABULARIES = {1, 2, 7, 33, 100, 1000, 4096, 4097, 9001};
  private static final int ROUNDS = 45;

  private ChoiceCases() {}

  /** What sees a case. */
  @FunctionalInterface
  public interface Check {
    /**
     * Chooses and compares.
     *
     * @param what for messages
     * @param logits [V], to be left as they are
     */
    void check(String what, float[] logits, int position, ReferenceChoice reference);
  }

  /** Gives {@code check} the cases of a seed. */
  public static void forEach(long seed, Check check) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int vocabulary : VOCABULARIES) {
      for (int round = 0; round < ROUNDS; round++) {
        Kind kind = Kind.values()[round % Kind.values().length];
        float[] logits = new float[vocabulary];
        for (int i = 0; i < vocabulary; i++) {
          logits[i] =
              random.nextInt(200) == 0 ? Float.NaN : kind.logit(random, (double) i / vocabulary);
        }
        if (random.nextInt(30) == 0) {
          logits[random.nextInt(vocabulary)] = Float.POSITIVE_INFINITY;
        }
        ReferenceChoice reference = options(random, vocabulary);
        int position = random.nextInt(1 << 20);
        String what = kind + ", V = " + vocabulary + ", position " + position + ", " + reference;
        check.check(what, logits, position, reference);
      }
    }
  }

  private static ReferenceChoice options(SplittableRandom random, int vocabulary) {
    return new ReferenceChoice(
        random.nextLong(),
        of(random, 0, 0.1, 0.8, 1, 1, 3, 1e6, 1e-30, Double.MIN_VALUE),
        (int) of(random, 0, 0, 1, 3, 50, vocabulary / 2.0, vocabulary - 1, vocabulary, 5000),
        of(random, 1, 1, 0.95, 0.9, 0.5, 0.1, 1e-9),
        of(random, 0, 0, 0, 0.02, 0.3, 1));
  }

  private static double of(SplittableRandom random, double... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private enum Kind {
    FLAT,
    NORMAL,
    PEAKED,
    STEPS,
    EQUAL,
    MOSTLY_NONE,
    HUGE,
    RISING,
    FALLING;

    float logit(SplittableRandom random, double place) {
      double normal = random.nextGaussian();
      return switch (this) {
        case FLAT -> (float) (normal * 1e-3);
        case NORMAL -> (float) (normal * 3);
        case PEAKED -> (float) (random.nextInt(300) == 0 ? 30 : normal);
        case STEPS -> Math.round(normal * 2);
        case EQUAL -> random.nextBoolean() ? 0f : -0f;
        case MOSTLY_NONE -> random.nextInt(50) == 0 ? (float) normal : Float.NEGATIVE_INFINITY;
        case HUGE -> (float) (random.nextDouble(-1, 1) * Float.MAX_VALUE);
        case RISING -> (float) (place * 20);
        case FALLING -> (float) (-place * 20);
      };
    }
  }
}
