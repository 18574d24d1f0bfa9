package dev.mor4j.runtime.text.tokenizer.added;

/**
 * A token that is found in a text as it is written.
 *
 * @param id its id
 * @param content how it is written
 * @param special whether it stands for no text
 * @param leftStrip whether the blanks before it belong to it
 * @param rightStrip whether the blanks behind it belong to it
 * @param singleWord whether it counts only where no word continues before or behind it
 * @param normalized whether it is looked for in the normalized text, in its normalized form
 */
public record AddedToken(
    int id,
    String content,
    boolean special,
    boolean leftStrip,
    boolean rightStrip,
    boolean singleWord,
    boolean normalized) {
  /** This token with another id. */
  public AddedToken withId(int newId) {
    return new AddedToken(newId, content, special, leftStrip, rightStrip, singleWord, normalized);
  }

  /** This token as a special one. */
  public AddedToken asSpecial() {
    return new AddedToken(id, content, true, leftStrip, rightStrip, singleWord, normalized);
  }
}
