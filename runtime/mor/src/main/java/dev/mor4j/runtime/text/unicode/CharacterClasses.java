package dev.mor4j.runtime.text.unicode;

/** Classes of characters as pre-tokenizers and normalizers know them. */
public final class CharacterClasses {
  private static final int PUNCTUATION =
      1 << Character.CONNECTOR_PUNCTUATION
          | 1 << Character.DASH_PUNCTUATION
          | 1 << Character.START_PUNCTUATION
          | 1 << Character.END_PUNCTUATION
          | 1 << Character.INITIAL_QUOTE_PUNCTUATION
          | 1 << Character.FINAL_QUOTE_PUNCTUATION
          | 1 << Character.OTHER_PUNCTUATION;
  private static final int NUMERIC =
      1 << Character.DECIMAL_DIGIT_NUMBER
          | 1 << Character.LETTER_NUMBER
          | 1 << Character.OTHER_NUMBER;

  private CharacterClasses() {}

  /** Blanks: what {@code \s} matches, what WhitespaceSplit splits at and Strip takes away. */
  public static boolean isWhitespace(int codePoint) {
    return codePoint <= ' '
        ? codePoint == ' ' || (codePoint >= '\t' && codePoint <= '\r')
        : codePoint >= 0x85 && (codePoint == 0x85 || Character.isSpaceChar(codePoint));
  }

  /** Punctuation of the pre-tokenizer Punctuation: all of ASCII's signs, and Unicode's class P. */
  public static boolean isPunctuation(int codePoint) {
    if (codePoint < 0x80) {
      return codePoint > ' '
          && codePoint != 0x7f
          && !(codePoint >= '0' && codePoint <= '9')
          && !((codePoint | 0x20) >= 'a' && (codePoint | 0x20) <= 'z');
    }
    return (PUNCTUATION >> Character.getType(codePoint) & 1) != 0;
  }

  /** Digits of the pre-tokenizer Digits: Unicode's class N. */
  public static boolean isNumeric(int codePoint) {
    return (NUMERIC >> Character.getType(codePoint) & 1) != 0;
  }
}
