package dev.mor4j.runtime.text.tokenizer.utf8;

/**
 * What {@code \w} matches in Rust's {@code regex}: letters and their like, marks, decimal digits,
 * connector punctuation, joiners. Oniguruma's, which a pre-tokenizer's own patterns have, differs.
 *
 * <p>Source: Unicode Technical Standard 18, annex C, {@code word}.
 */
public final class WordCharacters {
  private static final int TYPES =
      1 << Character.NON_SPACING_MARK
          | 1 << Character.ENCLOSING_MARK
          | 1 << Character.COMBINING_SPACING_MARK
          | 1 << Character.DECIMAL_DIGIT_NUMBER
          | 1 << Character.CONNECTOR_PUNCTUATION;

  private WordCharacters() {}

  /** Whether a code point belongs to words. */
  public static boolean contains(int codePoint) {
    if (codePoint < 0x80) {
      return (codePoint >= '0' && codePoint <= '9')
          || codePoint == '_'
          || ((codePoint | 0x20) >= 'a' && (codePoint | 0x20) <= 'z');
    }
    return Character.isAlphabetic(codePoint)
        || (TYPES >> Character.getType(codePoint) & 1) != 0
        || codePoint == 0x200C
        || codePoint == 0x200D;
  }
}
