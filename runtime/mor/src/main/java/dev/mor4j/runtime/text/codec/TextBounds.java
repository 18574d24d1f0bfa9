package dev.mor4j.runtime.text.codec;

import java.util.Arrays;
import java.util.Objects;

/**
 * The token ids that a model puts around a whole text. Immutable.
 *
 * @param begin before a text; may be empty
 * @param end behind a text that is finished, and never behind a prompt; may be empty
 */
@SuppressWarnings("ArrayRecordComponent") // equals and the accessors are its own, by value
public record TextBounds(int[] begin, int[] end) {
  /** Puts nothing around a text. */
  public static final TextBounds NONE = new TextBounds(new int[0], new int[0]);

  public TextBounds {
    begin = Objects.requireNonNull(begin, "begin").clone();
    end = Objects.requireNonNull(end, "end").clone();
  }

  /** The ids before a text; a copy. */
  @Override
  public int[] begin() {
    return begin.clone();
  }

  /** The ids behind a text; a copy. */
  @Override
  public int[] end() {
    return end.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TextBounds bounds
        && Arrays.equals(begin, bounds.begin)
        && Arrays.equals(end, bounds.end);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(begin) + Arrays.hashCode(end);
  }

  @Override
  public String toString() {
    return "TextBounds[begin=" + Arrays.toString(begin) + ", end=" + Arrays.toString(end) + "]";
  }
}
