package dev.mor4j.runtime.text.tokenizer.settings;

import dev.mor4j.runtime.format.ModelFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * How many times longer the steps of a file can make a text, one behind the other. A file that
 * doubles a text sixty times would fill any memory. One thread.
 */
public final class Growth {
  /** Most times. Real files stay below 200. */
  private static final int MAX_FACTOR = 1024;

  /** Most steps; each one is a level of calls. */
  private static final int MAX_STEPS = 64;

  private long factor = 1;
  private int steps;

  /**
   * Counts a step.
   *
   * @throws ModelFormatException when that is one too many
   */
  public void addStep(Settings settings) throws ModelFormatException {
    if (++steps > MAX_STEPS) {
      throw settings.unusable(
          "type", "this is one more than the " + MAX_STEPS + " steps that are possible", null);
    }
  }

  /**
   * Counts a step that puts {@code content} in the place of each match of {@code pattern}. What a
   * regular expression matches may be empty.
   *
   * @throws ModelFormatException when a text could become too long
   */
  public void addReplacement(Settings settings) throws ModelFormatException {
    addStep(settings);
    long content = settings.text("content").getBytes(StandardCharsets.UTF_8).length;
    long matched = 0;
    if (settings.value("pattern") instanceof Map<?, ?> pattern
        && pattern.get("String") instanceof String text) {
      matched = text.getBytes(StandardCharsets.UTF_8).length;
    }
    multiply(settings, matched == 0 ? content + 1 : Math.max(1, (content + matched - 1) / matched));
  }

  /**
   * A step that was counted can make a text {@code times} as long.
   *
   * @throws ModelFormatException when a text could become too long
   */
  public void multiply(Settings settings, long times) throws ModelFormatException {
    factor *= times;
    if (factor > MAX_FACTOR) {
      throw settings.unusable(
          "type",
          "texts could become "
              + factor
              + " times as long by it and the steps before, expected at most "
              + MAX_FACTOR,
          null);
    }
  }
}
