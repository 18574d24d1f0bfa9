package dev.mor4j.benchmarks.setup;

import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Prompts as token ids, another one each time, the same ones in each run. For a model with random
 * weights evenly drawn ids; for a trained one pieces of text that it wrote itself at temperature 1,
 * so that its routers see what they were trained on.
 */
public final class Texts {
  public static final long SEED = 2;

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final int vocabulary;
  private final int[] source;

  private Texts(int vocabulary, int[] source) {
    this.vocabulary = vocabulary;
    this.source = source;
  }

  public static Texts of(MorModel model) {
    int vocabulary = model.config().architecture().vocabulary();
    if (model.tokenizer().isEmpty()) {
      return new Texts(vocabulary, new int[0]);
    }
    int length = model.config().architecture().maxPositions();
    try (MorSession session = model.newSession()) {
      session.generate(
          new int[] {model.textStartId()},
          GenerationOptions.defaults()
              .withTemperature(1)
              .withTopP(1)
              .withSeed(SEED)
              .withMaxNewTokens(length - 1),
          token -> {});
      return new Texts(vocabulary, session.tokenIds());
    }
  }

  /** The next text of {@code length} tokens. */
  public int[] next(int length) {
    if (source.length == 0) {
      return random.ints(length, 0, vocabulary).toArray();
    }
    int from = random.nextInt(source.length - length + 1);
    return Arrays.copyOfRange(source, from, from + length);
  }
}
