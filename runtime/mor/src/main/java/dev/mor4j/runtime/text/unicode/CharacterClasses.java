package dev.mor4j.runtime.text.unicode;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Classes of characters as pre-tokenizers and normalizers know them. The classes of regular
 * expressions are those of Unicode 16, punctuation is older; neither depends on the platform's
 * Unicode.
 */
public final class CharacterClasses {
  private CharacterClasses() {}

  /** Read when a class is first needed that ASCII does not decide. */
  private static final class Table {
    static final Map<String, int[]> CLASSES = new HashMap<>();
    static final int[] PUNCTUATION;
    static final int[] DECIMAL;
    static final int[] LETTER_NUMBERS;
    static final int[] OTHER_NUMBERS;

    static {
      UnicodeTable.read(
          "classes.txt", (name, ranges) -> CLASSES.put(name, UnicodeTable.bounds(ranges, 0)));
      PUNCTUATION = CLASSES.get("punctuation");
      DECIMAL = CLASSES.get("Nd");
      LETTER_NUMBERS = CLASSES.get("Nl");
      OTHER_NUMBERS = CLASSES.get("No");
    }
  }

  /** Blanks: what {@code \s} matches, what WhitespaceSplit splits at and Strip takes away. */
  public static boolean isWhitespace(int codePoint) {
    if (codePoint <= ' ') {
      return codePoint == ' ' || (codePoint >= '\t' && codePoint <= '\r');
    }
    if (codePoint < 0x1680) {
      return codePoint == 0x85 || codePoint == 0xa0;
    }
    return codePoint == 0x1680
        || (codePoint >= 0x2000 && codePoint <= 0x200a)
        || codePoint == 0x2028
        || codePoint == 0x2029
        || codePoint == 0x202f
        || codePoint == 0x205f
        || codePoint == 0x3000;
  }

  /** Punctuation of the pre-tokenizer Punctuation: all of ASCII's signs, and Unicode's class P. */
  public static boolean isPunctuation(int codePoint) {
    if (codePoint < 0x80) {
      return codePoint > ' '
          && codePoint != 0x7f
          && !(codePoint >= '0' && codePoint <= '9')
          && !((codePoint | 0x20) >= 'a' && (codePoint | 0x20) <= 'z');
    }
    return UnicodeTable.contains(Table.PUNCTUATION, codePoint);
  }

  /** Digits of the pre-tokenizer Digits: Unicode's class N. */
  public static boolean isNumeric(int codePoint) {
    if (codePoint < 0x80) {
      return codePoint >= '0' && codePoint <= '9';
    }
    return UnicodeTable.contains(Table.DECIMAL, codePoint)
        || UnicodeTable.contains(Table.LETTER_NUMBERS, codePoint)
        || UnicodeTable.contains(Table.OTHER_NUMBERS, codePoint);
  }

  /** The names of the classes of regular expressions that {@link #bounds} has. */
  public static Set<String> names() {
    return Set.copyOf(Table.CLASSES.keySet());
  }

  /**
   * The ranges of a class: the first of each range, the first behind it, and so on. A copy.
   *
   * @param name a general category such as {@code Lu}, or {@code word}: what {@code \w} matches
   */
  public static int[] bounds(String name) {
    return Table.CLASSES.get(name).clone();
  }
}
