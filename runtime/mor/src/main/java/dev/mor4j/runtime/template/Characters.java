package dev.mor4j.runtime.template;

import java.util.Locale;

/** What Python knows about code points. */
final class Characters {
  private Characters() {}

  /** White space of {@code str.isspace}, {@code str.strip} and regular expressions. */
  static boolean isSpace(int point) {
    return (point >= 9 && point <= 13)
        || (point >= 0x1c && point <= 0x20)
        || (point >= 0x85
            && (point == 0x85
                || point == 0xa0
                || point == 0x1680
                || (point >= 0x2000 && point <= 0x200a)
                || point == 0x2028
                || point == 0x2029
                || point == 0x202f
                || point == 0x205f
                || point == 0x3000));
  }

  /** A boundary of {@code str.splitlines}, where {@code \r\n} is one. */
  static boolean isLineEnd(int point) {
    return (point >= 10 && point <= 13)
        || (point >= 0x1c && point <= 0x1e)
        || point == 0x85
        || point == 0x2028
        || point == 0x2029;
  }

  /** A letter, a number or an underscore: {@code \w} of regular expressions. */
  static boolean isWord(int point) {
    return point == '_' || isAlphanumeric(point);
  }

  static boolean isAlphanumeric(int point) {
    return Character.isLetter(point) || isNumeric(point);
  }

  static boolean isNumeric(int point) {
    return switch (Character.getType(point)) {
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
      case Character.OTHER_LETTER -> isHanNumber(point);
      default -> false;
    };
  }

  /** Ideographs that are numbers; Java does not know their values. */
  private static boolean isHanNumber(int point) {
    return "一七万三两九二五亖亿兆八六十千卄卅卌四壱壹弍弎弐貮貳陆陌陸零〇仟伍佰什仨億元参參叁叄廾幺弌圆柒漆玖百肆萬貭贰阡阌拾捌".indexOf(point) >= 0;
  }

  /** {@code str.isdigit}: decimal digits, and digits in circles or raised. */
  static boolean isDigit(int point) {
    return Character.isDigit(point)
        || point == 0xb2
        || point == 0xb3
        || point == 0xb9
        || point == 0x2070
        || (point >= 0x2074 && point <= 0x2079)
        || (point >= 0x2080 && point <= 0x2089)
        || (point >= 0x2460 && point <= 0x2468)
        || (point >= 0x2474 && point <= 0x247c)
        || (point >= 0x2488 && point <= 0x2490)
        || point == 0x24ea
        || (point >= 0x24f5 && point <= 0x24fd)
        || point == 0x24ff
        || (point >= 0x2776 && point <= 0x277e)
        || (point >= 0x2780 && point <= 0x2788)
        || (point >= 0x278a && point <= 0x2792);
  }

  /** What {@code repr} shows as it is. */
  static boolean isPrintable(int point) {
    if (point < 0x7f) {
      return point >= 0x20;
    }
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          false;
      default -> true;
    };
  }

  static boolean isCased(int point) {
    return Character.isUpperCase(point)
        || Character.isLowerCase(point)
        || Character.isTitleCase(point);
  }

  static Text upper(Budget budget, Text text) {
    TextBuilder out = new TextBuilder(budget);
    for (int i = 0; i < text.length(); i++) {
      addAll(out, Character.toString(text.at(i)).toUpperCase(Locale.ROOT), text.raw(i));
    }
    return out.text().safe(text.isSafe());
  }

  static Text lower(Budget budget, Text text) {
    TextBuilder out = new TextBuilder(budget);
    for (int i = 0; i < text.length(); i++) {
      addLower(out, text, i);
    }
    return out.text().safe(text.isSafe());
  }

  /** {@code str.capitalize}: the first as in titles, the others small. */
  static Text capitalize(Budget budget, Text text) {
    TextBuilder out = new TextBuilder(budget);
    for (int i = 0; i < text.length(); i++) {
      if (i == 0) {
        addAll(out, title(text.at(0)), text.raw(0));
      } else {
        addLower(out, text, i);
      }
    }
    return out.text().safe(text.isSafe());
  }

  /** {@code str.title}: each letter after something else as in titles, the others small. */
  static Text title(Budget budget, Text text) {
    TextBuilder out = new TextBuilder(budget);
    boolean inside = false;
    for (int i = 0; i < text.length(); i++) {
      if (inside) {
        addLower(out, text, i);
      } else {
        addAll(out, title(text.at(i)), text.raw(i));
      }
      inside = isCased(text.at(i));
    }
    return out.text().safe(text.isSafe());
  }

  static Text swapCase(Budget budget, Text text) {
    TextBuilder out = new TextBuilder(budget);
    for (int i = 0; i < text.length(); i++) {
      if (Character.isUpperCase(text.at(i))) {
        addLower(out, text, i);
      } else if (Character.isLowerCase(text.at(i))) {
        addAll(out, Character.toString(text.at(i)).toUpperCase(Locale.ROOT), text.raw(i));
      } else {
        out.addRaw(text.raw(i));
      }
    }
    return out.text().safe(text.isSafe());
  }

  static Text caseFold(Budget budget, Text text) {
    TextBuilder out = new TextBuilder(budget);
    for (int i = 0; i < text.length(); i++) {
      addAll(out, CaseFolding.fold(text.at(i)), text.raw(i));
    }
    return out.text().safe(text.isSafe());
  }

  private static void addLower(TextBuilder out, Text text, int index) {
    int point = text.at(index);
    if (point == 0x3a3) {
      out.addRaw((isFinalSigma(text, index) ? 0x3c2 : 0x3c3) | (text.raw(index) & Text.GIVEN));
    } else {
      addAll(out, Character.toString(point).toLowerCase(Locale.ROOT), text.raw(index));
    }
  }

  /** A sigma at the end of a word: cased letters before it, none after it. */
  private static boolean isFinalSigma(Text text, int index) {
    int before = index - 1;
    while (before >= 0 && isCaseIgnorable(text.at(before))) {
      before--;
    }
    if (before < 0 || !isCased(text.at(before))) {
      return false;
    }
    int after = index + 1;
    while (after < text.length() && isCaseIgnorable(text.at(after))) {
      after++;
    }
    return after == text.length() || !isCased(text.at(after));
  }

  private static boolean isCaseIgnorable(int point) {
    return switch (Character.getType(point)) {
      case Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.FORMAT,
          Character.MODIFIER_LETTER,
          Character.MODIFIER_SYMBOL ->
          true;
      default ->
          "'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a"
                  .indexOf(point)
              >= 0;
    };
  }

  private static String title(int point) {
    return CaseFolding.title(point);
  }

  private static void addAll(TextBuilder out, String text, int mark) {
    for (int i = 0; i < text.length(); ) {
      int point = text.codePointAt(i);
      out.addRaw(point | (mark & Text.GIVEN));
      i += Character.charCount(point);
    }
  }
}
