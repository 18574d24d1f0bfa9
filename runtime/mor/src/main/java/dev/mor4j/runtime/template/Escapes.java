package dev.mor4j.runtime.template;

import java.util.Locale;

/** The escapes in the texts of a template, which are Python's. */
final class Escapes {
  private final String text;
  private final int line;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private Escapes(String text, int line) {
    this.text = text;
    this.line = line;
  }

  static String unescape(String text, int line) {
    return text.indexOf('\\') < 0 ? text : new Escapes(text, line).run();
  }

  /** The text with escapes for all that is not ASCII, as Python's {@code ascii} writes it. */
  static Text ascii(Budget budget, Text text) {
    TextBuilder out = new TextBuilder(budget);
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      if (point < 0x80) {
        out.addRaw(text.raw(i));
      } else {
        out.add("\\").add(hex(point));
      }
    }
    return out.text();
  }

  private static String hex(int point) {
    String form = point < 0x100 ? "x%02x" : point < 0x10000 ? "u%04x" : "U%08x";
    return String.format(Locale.ROOT, form, point);
  }

  private String run() {
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '\\') {
        escape();
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private void escape() {
    int point = text.codePointAt(at);
    at += Character.charCount(point);
    switch (point) {
      case '\n' -> {}
      case '\\', '\'', '"' -> out.append((char) point);
      case 'a' -> out.append('\u0007');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'n' -> out.append('\n');
      case 'r' -> out.append('\r');
      case 't' -> out.append('\t');
      case 'v' -> out.append('\u000b');
      case 'x' -> hex(2, "\\xXX");
      case 'u' -> hex(4, "\\uXXXX");
      case 'U' -> hex(8, "\\UXXXXXXXX");
      case 'N' -> name();
      case '0', '1', '2', '3', '4', '5', '6', '7' -> octal(point - '0');
      default -> {
        out.append('\\');
        if (point < 128) {
          out.append((char) point);
        } else {
          // Jinja turns what is not ASCII into an escape first, whose backslash this one quotes.
          out.append(hex(point));
        }
      }
    }
  }

  private void octal(int first) {
    int value = first;
    for (int i = 0; i < 2 && at < text.length(); i++) {
      int digit = text.charAt(at) - '0';
      if (digit < 0 || digit > 7) {
        break;
      }
      value = value * 8 + digit;
      at++;
    }
    out.appendCodePoint(value);
  }

  private void hex(int digits, String form) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
      if (digit < 0 || text.charAt(at) > 'f') {
        throw TemplateException.syntax("truncated " + form + " escape", line);
      }
      value = value << 4 | digit;
      at++;
    }
    if (value < 0 || value > Character.MAX_CODE_POINT) {
      throw TemplateException.syntax("illegal Unicode character", line);
    }
    out.appendCodePoint(value);
  }

  private void name() {
    int end = text.indexOf('}', at);
    if (at >= text.length() || text.charAt(at) != '{' || end < 0) {
      throw TemplateException.syntax("malformed \\N character escape", line);
    }
    try {
      out.appendCodePoint(Character.codePointOf(text.substring(at + 1, end)));
    } catch (IllegalArgumentException e) {
      throw TemplateException.syntax("unknown Unicode character name", line);
    }
    at = end + 1;
  }
}
