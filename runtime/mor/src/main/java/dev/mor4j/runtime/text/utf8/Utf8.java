package dev.mor4j.runtime.text.utf8;

import java.nio.charset.StandardCharsets;

/** Characters of valid UTF-8 in byte arrays. */
public final class Utf8 {
  private Utf8() {}

  /** A text's UTF-8; a surrogate that stands alone becomes U+FFFD. */
  public static byte[] encode(String text) {
    // String.getBytes is fast, but makes a lone surrogate a question mark.
    return hasLoneSurrogate(text)
        ? replaceLoneSurrogates(text).getBytes(StandardCharsets.UTF_8)
        : text.getBytes(StandardCharsets.UTF_8);
  }

  /** Whether no surrogate stands alone. */
  public static boolean isWellFormed(String text) {
    return !hasLoneSurrogate(text);
  }

  /** The text of {@code bytes[from, to)}. */
  public static String decode(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }

  /** The code point that begins at {@code index}. */
  public static int codePointAt(byte[] text, int index) {
    int lead = text[index];
    if (lead >= 0) {
      return lead;
    }
    if (lead < (byte) 0xE0) {
      return (lead & 0x1F) << 6 | (text[index + 1] & 0x3F);
    }
    if (lead < (byte) 0xF0) {
      return (lead & 0x0F) << 12 | (text[index + 1] & 0x3F) << 6 | (text[index + 2] & 0x3F);
    }
    return (lead & 0x07) << 18
        | (text[index + 1] & 0x3F) << 12
        | (text[index + 2] & 0x3F) << 6
        | (text[index + 3] & 0x3F);
  }

  /** Where the code point begins that ends at {@code index}, which is larger than 0. */
  public static int startBefore(byte[] text, int index) {
    int start = index - 1;
    while ((text[start] & 0xC0) == 0x80) {
      start--;
    }
    return start;
  }

  /** Bytes of the code point that begins with {@code lead}. */
  public static int length(byte lead) {
    if (lead >= 0) {
      return 1;
    }
    return lead < (byte) 0xE0 ? 2 : lead < (byte) 0xF0 ? 3 : 4;
  }

  /** Number of code points in {@code text[from, to)}. */
  public static int codePoints(byte[] text, int from, int to) {
    int points = 0;
    for (int i = from; i < to; i++) {
      points += (text[i] & 0xC0) == 0x80 ? 0 : 1;
    }
    return points;
  }

  /** Whether {@code text[from, to)} is ASCII. */
  public static boolean isAscii(byte[] text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text[i] < 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Where {@code part} begins in {@code text[from, to)} for the first time, or -1. Linear on
   * average; at worst the length of the text times that of the part.
   */
  public static int indexOf(byte[] text, int from, int to, byte[] part) {
    int last = to - part.length;
    byte first = part[0];
    for (int i = from; i <= last; i++) {
      if (text[i] == first && matches(text, i, part)) {
        return i;
      }
    }
    return -1;
  }

  private static boolean matches(byte[] text, int index, byte[] part) {
    for (int i = 1; i < part.length; i++) {
      if (text[index + i] != part[i]) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasLoneSurrogate(String text) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == length
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return true;
        }
        i++;
      }
    }
    return false;
  }

  private static String replaceLoneSurrogates(String text) {
    var out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        out.append(c);
      } else if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        out.append(c).append(text.charAt(++i));
      } else {
        out.append('\uFFFD');
      }
    }
    return out.toString();
  }
}
