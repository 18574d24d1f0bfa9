package dev.mor4j.cli.load;

import java.util.List;
import java.util.random.RandomGenerator;

/** Where prompts come from. Immutable: the same random numbers give the same prompt. */
public sealed interface PromptSource {
  /**
   * A prompt.
   *
   * @param prefix first numbers of {@code shared} that the prompt begins with
   * @param shared random numbers of what requests have in common
   * @param own units of its own after the prefix
   * @param random random numbers of this request
   */
  Prompt draw(int prefix, RandomGenerator shared, int own, RandomGenerator random);

  /** What lengths are counted in. */
  String unit();

  /**
   * Token ids, all equally likely.
   *
   * @param vocabulary ids are less than this
   */
  record Uniform(int vocabulary) implements PromptSource {
    public Uniform {
      if (vocabulary < 1) {
        throw new IllegalArgumentException(
            "a vocabulary of " + vocabulary + " tokens, expected 1 or more");
      }
    }

    @Override
    public Prompt draw(int prefix, RandomGenerator shared, int own, RandomGenerator random) {
      int[] ids = new int[prefix + own];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (i < prefix ? shared : random).nextInt(vocabulary);
      }
      return new Prompt.Ids(ids);
    }

    @Override
    public String unit() {
      return "tokens";
    }
  }

  /**
   * Pieces of a text that begin anywhere in it; the text goes round.
   *
   * @param ids of the text, at least one
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody; a list would box each id.
  record TextIds(int[] ids) implements PromptSource {
    public TextIds {
      if (ids.length == 0) {
        throw new IllegalArgumentException("a text without a token, expected at least one");
      }
    }

    @Override
    public Prompt draw(int prefix, RandomGenerator shared, int own, RandomGenerator random) {
      int[] prompt = new int[prefix + own];
      int common = shared.nextInt(ids.length);
      int first = random.nextInt(ids.length);
      for (int i = 0; i < prompt.length; i++) {
        long at = i < prefix ? (long) common + i : (long) first + i - prefix;
        prompt[i] = ids[(int) (at % ids.length)];
      }
      return new Prompt.Ids(prompt);
    }

    @Override
    public String unit() {
      return "tokens";
    }
  }

  /** Pieces of a text as words, for servers whose tokenizer is not here. At least one word. */
  record TextWords(List<String> words) implements PromptSource {
    public TextWords {
      words = List.copyOf(words);
      if (words.isEmpty()) {
        throw new IllegalArgumentException("a text without a word, expected at least one");
      }
    }

    @Override
    public Prompt draw(int prefix, RandomGenerator shared, int own, RandomGenerator random) {
      int common = shared.nextInt(words.size());
      int first = random.nextInt(words.size());
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < prefix + own; i++) {
        long at = i < prefix ? (long) common + i : (long) first + i - prefix;
        text.append(i == 0 ? "" : " ").append(words.get((int) (at % words.size())));
      }
      return new Prompt.Text(text.toString(), prefix + own);
    }

    @Override
    public String unit() {
      return "words";
    }
  }
}
