package dev.mor4j.runtime.template;

import java.util.Locale;

/** Cases that Java has no method for. */
final class CaseFolding {
  private CaseFolding() {}

  /** {@code point} as the first letter of a word in a title. */
  static String title(int point) {
    int single = Character.toTitleCase(point);
    if (single != point) {
      return Character.toString(single);
    }
    String upper = Character.toString(point).toUpperCase(Locale.ROOT);
    if (upper.codePointCount(0, upper.length()) == 1 || !Character.isLowerCase(point)) {
      return Character.toString(point);
    }
    if (point == 0x149) {
      return upper;
    }
    int first = upper.codePointAt(0);
    String rest = upper.substring(Character.charCount(first));
    // A iota below the letter stays below in a title: it is written beside it in capitals only.
    if (rest.endsWith("\u0399") && point >= 0x1f00) {
      String base = Character.toString(first) + rest.substring(0, rest.length() - 1);
      return base.length() == 1 ? Character.toString(withIota(first)) + "" : base + "\u0345";
    }
    return Character.toString(first) + rest.toLowerCase(Locale.ROOT);
  }

  private static int withIota(int capital) {
    return switch (capital) {
      case 0x391 -> 0x1fbc;
      case 0x397 -> 0x1fcc;
      case 0x3a9 -> 0x1ffc;
      default -> capital;
    };
  }

  /** {@code point} with all differences of case removed. */
  static String fold(int point) {
    return Character.toString(point).toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
  }
}
