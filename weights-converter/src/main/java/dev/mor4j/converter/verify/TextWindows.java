package dev.mor4j.converter.verify;

import java.util.Arrays;

/**
 * Whole windows of a text, each a text of its own: window i reads tokens {@code i·w .. i·w+w-1} and
 * is scored on what it says of tokens {@code i·w+1 .. i·w+w}. Immutable.
 */
public final class TextWindows {
  private final int[] ids;
  private final int length;
  private final int count;

  /**
   * @param ids the text
   * @param length tokens of a window, {@code w}
   * @param most windows at most, the first of the text; 0 for all
   */
  public TextWindows(int[] ids, int length, int most) {
    if (length < 1 || most < 0) {
      throw new IllegalArgumentException(
          "windows of " + length + " tokens, at most " + most + ", expected 1 or more, 0 or more");
    }
    this.ids = ids.clone();
    this.length = length;
    int whole = Math.max(0, ids.length - 1) / length;
    this.count = most == 0 ? whole : Math.min(most, whole);
  }

  /** Windows. */
  public int count() {
    return count;
  }

  /** Tokens of a window. */
  public int length() {
    return length;
  }

  /** Tokens read in all windows, and predicted. */
  public long tokens() {
    return (long) count * length;
  }

  /** The tokens that window {@code window} reads. */
  public int[] window(int window) {
    return Arrays.copyOfRange(ids, window * length, (window + 1) * length);
  }

  /** The token after token {@code token} of window {@code window}. */
  public int next(int window, int token) {
    return ids[window * length + token + 1];
  }
}
