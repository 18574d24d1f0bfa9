package dev.mor4j.runtime.template;

import java.util.Map;

/** The entities of HTML that {@code striptags} resolves: those of XML, and numbers. */
final class Entities {
  private static final Map<String, Integer> NAMED =
      Map.of(
          "amp",
          (int) '&',
          "lt",
          (int) '<',
          "gt",
          (int) '>',
          "quot",
          (int) '"',
          "apos",
          (int) '\'',
          "nbsp",
          0xa0);

  private static final int LONGEST = 12;

  private Entities() {}

  static Text resolve(Budget budget, Text text) {
    TextBuilder out = new TextBuilder(budget);
    for (int i = 0; i < text.length(); i++) {
      int end = i + 1;
      while (text.at(i) == '&' && end < text.length() && end - i < LONGEST && text.at(end) != ';') {
        end++;
      }
      int point =
          text.at(i) == '&' && end < text.length() && text.at(end) == ';'
              ? point(text.part(budget, i + 1, end).toString())
              : -1;
      if (point >= 0) {
        out.addRaw(point | (text.raw(i) & Text.GIVEN));
        i = end;
      } else {
        out.addRaw(text.raw(i));
      }
    }
    return out.text();
  }

  private static int point(String entity) {
    if (!entity.startsWith("#") || entity.length() < 2) {
      return NAMED.getOrDefault(entity, -1);
    }
    boolean hex = (entity.charAt(1) | 32) == 'x';
    try {
      int point = Integer.parseInt(entity.substring(hex ? 2 : 1), hex ? 16 : 10);
      return Character.isValidCodePoint(point) && point > 0 ? point : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }
}
