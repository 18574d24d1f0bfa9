package dev.mor4j.runtime.format;

import java.util.List;
import java.util.Objects;

/**
 * The token ids that a model puts around a whole text, as they were decided when it was converted.
 *
 * @param beginIds before a text; may be empty
 * @param endIds behind a finished text, and never behind a prompt; may be empty. Where generation
 *     ends is another matter: {@link ArchitectureConfig#eosTokenIds()}
 */
public record TextConfig(List<Integer> beginIds, List<Integer> endIds) {
  /** Most ids before a text, and most behind it: more than any model has. */
  public static final int MOST_IDS = 64;

  public TextConfig {
    beginIds = List.copyOf(Objects.requireNonNull(beginIds, "beginIds"));
    endIds = List.copyOf(Objects.requireNonNull(endIds, "endIds"));
  }

  /** Checks that a vocabulary of {@code vocabulary} tokens has every id. */
  void validate(int vocabulary) throws ModelFormatException {
    validate("text.begin_ids", beginIds, vocabulary);
    validate("text.end_ids", endIds, vocabulary);
  }

  private static void validate(String key, List<Integer> ids, int vocabulary)
      throws ModelFormatException {
    if (ids.size() > MOST_IDS) {
      throw new ModelFormatException(
          key + " has " + ids.size() + " ids, expected at most " + MOST_IDS);
    }
    for (int id : ids) {
      ArchitectureConfig.range(key, id, 0, vocabulary - 1);
    }
  }
}
