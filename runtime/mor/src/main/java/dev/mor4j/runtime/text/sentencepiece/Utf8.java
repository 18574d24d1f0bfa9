package dev.mor4j.runtime.text.sentencepiece;

import java.nio.charset.StandardCharsets;

/** Text as bytes. */
final class Utf8 {
  private Utf8() {}

  /** Bytes of a character, by its first one. */
  static int length(byte first) {
    if (first >= 0) {
      return 1;
    }
    int value = first & 0xFF;
    return value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
  }

  /** The character that begins at {@code from} in valid UTF-8. */
  static int character(byte[] text, int from) {
    byte first = text[from];
    int length = length(first);
    int character = length == 1 ? first : first & 0x7F >> length;
    for (int i = 1; i < length; i++) {
      character = (character << 6) | (text[from + i] & 0x3F);
    }
    return character;
  }

  /** The text in UTF-8. A surrogate that stands alone is U+FFFD. */
  static byte[] encode(String text) {
    int lone = loneSurrogate(text, 0);
    if (lone < 0) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
    StringBuilder mended = new StringBuilder(text);
    for (int i = lone; i >= 0; i = loneSurrogate(text, i + 1)) {
      mended.setCharAt(i, '\uFFFD');
    }
    return mended.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static int loneSurrogate(String text, int from) {
    int length = text.length();
    int i = from;
    while (i < length) {
      char unit = text.charAt(i);
      boolean pair =
          Character.isHighSurrogate(unit)
              && i + 1 < length
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (Character.isSurrogate(unit) && !pair) {
        return i;
      }
      i += pair ? 2 : 1;
    }
    return -1;
  }
}
