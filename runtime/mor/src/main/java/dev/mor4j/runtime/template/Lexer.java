package dev.mor4j.runtime.template;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Cuts a template into tokens: data, and the words of its tags, with the white space control of
 * {@code trim_blocks} and {@code lstrip_blocks}. Line ends become {@code \n}, and one at the very
 * end is dropped.
 */
final class Lexer {
  private static final String[] OPERATORS = {
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ",", ";"
  };

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int line = 1;
  private boolean lineStarting = true;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String template) {
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    if (source.endsWith("\n")) {
      source = source.substring(0, source.length() - 1);
    }
    Lexer lexer = new Lexer(source);
    lexer.run();
    lexer.add(Token.Type.END, "");
    return lexer.tokens;
  }

  private void run() {
    while (position < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        data(source.substring(position));
        position = source.length();
        return;
      }
      char kind = source.charAt(tag + 1);
      int after = tag + 2;
      char sign = after < source.length() ? source.charAt(after) : ' ';
      boolean signed = sign == '-' || sign == '+';
      data(stripped(source.substring(position, tag), signed ? sign : ' ', kind != '{'));
      count(position, tag);
      if (signed) {
        after++;
      }
      position = after;
      int raw = kind == '%' ? rawBegin(after) : -1;
      if (raw >= 0) {
        count(after, raw);
        position = raw;
        raw();
      } else if (kind == '#') {
        comment();
      } else {
        tag(kind);
      }
    }
  }

  private int nextTag() {
    for (int i = source.indexOf('{', position);
        i >= 0 && i + 1 < source.length();
        i = source.indexOf('{', i + 1)) {
      char next = source.charAt(i + 1);
      if (next == '{' || next == '%' || next == '#') {
        return i;
      }
    }
    return -1;
  }

  /** The data before a tag that begins with {@code sign}. */
  private String stripped(String data, char sign, boolean block) {
    if (sign == '-') {
      int end = data.length();
      while (end > 0 && Characters.isSpace(data.charAt(end - 1))) {
        end--;
      }
      return data.substring(0, end);
    }
    if (sign != '+' && block) {
      int start = data.lastIndexOf('\n') + 1;
      if ((start > 0 || lineStarting) && start < data.length()) {
        for (int i = start; i < data.length(); i++) {
          if (!Characters.isSpace(data.charAt(i))) {
            return data;
          }
        }
        return data.substring(0, start);
      }
    }
    return data;
  }

  private void data(String data) {
    if (!data.isEmpty()) {
      add(Token.Type.DATA, data);
    }
  }

  private void count(int from, int to) {
    for (int i = from; i < to; i++) {
      if (source.charAt(i) == '\n') {
        line++;
      }
    }
  }

  private void add(Token.Type type, String text) {
    tokens.add(new Token(type, text, null, line));
  }

  private int spaces(int from) {
    int at = from;
    while (at < source.length() && Characters.isSpace(source.charAt(at))) {
      at++;
    }
    return at;
  }

  /** Where {@code raw %}} ends that begins at {@code from}, or -1 where it is another tag. */
  private int rawBegin(int from) {
    int at = spaces(from);
    if (!source.startsWith("raw", at)) {
      return -1;
    }
    at = spaces(at + 3);
    if (source.startsWith("-%}", at)) {
      return spaces(at + 3);
    }
    return source.startsWith("%}", at) ? at + 2 : -1;
  }

  private void raw() {
    int start = position;
    lineStarting = start > 0 && source.charAt(start - 1) == '\n';
    for (int tag = source.indexOf("{%", start); tag >= 0; tag = source.indexOf("{%", tag + 1)) {
      int at = tag + 2;
      char sign = at < source.length() ? source.charAt(at) : ' ';
      boolean signed = sign == '-' || sign == '+';
      int word = spaces(signed ? at + 1 : at);
      if (source.startsWith("endraw", word)) {
        int end = end(spaces(word + 6), "%}", true);
        if (end >= 0) {
          data(stripped(source.substring(start, tag), signed ? sign : ' ', true));
          finish(start, end);
          return;
        }
      }
    }
    throw TemplateException.syntax("Missing end of raw directive", line);
  }

  private void comment() {
    for (int at = position; at < source.length(); at++) {
      int end = end(at, "#}", true);
      if (end >= 0) {
        finish(position, end);
        return;
      }
    }
    throw TemplateException.syntax("Missing end of comment tag", line);
  }

  private void finish(int from, int end) {
    count(from, end);
    position = end;
    lineStarting = source.charAt(end - 1) == '\n';
  }

  /** Where the end of a tag ends that begins at {@code at}, or -1 where there is none. */
  private int end(int at, String close, boolean block) {
    if (source.startsWith("-" + close, at)) {
      return spaces(at + 3);
    }
    if (block && source.startsWith("+" + close, at)) {
      return at + 3;
    }
    if (source.startsWith(close, at)) {
      int end = at + 2;
      return block && end < source.length() && source.charAt(end) == '\n' ? end + 1 : end;
    }
    return -1;
  }

  /** The inside of a print statement or of a block. */
  private void tag(char kind) {
    boolean block = kind == '%';
    add(block ? Token.Type.BLOCK_BEGIN : Token.Type.VARIABLE_BEGIN, "");
    Deque<Character> open = new ArrayDeque<>();
    while (position < source.length()) {
      if (open.isEmpty()) {
        int end = end(position, block ? "%}" : "}}", block);
        if (end >= 0) {
          add(block ? Token.Type.BLOCK_END : Token.Type.VARIABLE_END, "");
          finish(position, end);
          return;
        }
      }
      char c = source.charAt(position);
      if (Characters.isSpace(c)) {
        int end = spaces(position);
        count(position, end);
        position = end;
      } else if (c >= '0' && c <= '9') {
        number();
      } else if (Characters.isWord(source.codePointAt(position))) {
        name();
      } else if (c == '\'' || c == '"') {
        string(c);
      } else {
        operator(open);
      }
    }
  }

  private void name() {
    int start = position;
    while (position < source.length() && Characters.isWord(source.codePointAt(position))) {
      position += Character.charCount(source.codePointAt(position));
    }
    String name = source.substring(start, position);
    if (!Character.isUnicodeIdentifierStart(name.codePointAt(0)) && name.charAt(0) != '_') {
      throw TemplateException.syntax("Invalid character in identifier", line);
    }
    add(Token.Type.NAME, name);
  }

  private int digits(int from, String allowed) {
    int at = from;
    while (at < source.length()) {
      char c = source.charAt(at);
      if (c == '_' && at > from && at + 1 < source.length()) {
        if (allowed.indexOf(source.charAt(at + 1)) < 0) {
          break;
        }
      } else if (allowed.indexOf(c) < 0) {
        break;
      }
      at++;
    }
    return at;
  }

  private void number() {
    String decimal = "0123456789";
    int end = digits(position, decimal);
    boolean real = false;
    int fraction = end;
    if (end < source.length() && source.charAt(end) == '.') {
      int after = digits(end + 1, decimal);
      if (after > end + 1 && source.charAt(end + 1) != '_') {
        fraction = after;
        real = true;
      }
    }
    if (fraction < source.length() && (source.charAt(fraction) | 32) == 'e') {
      int at = fraction + 1;
      if (at < source.length() && (source.charAt(at) == '+' || source.charAt(at) == '-')) {
        at++;
      }
      int after = digits(at, decimal);
      if (after > at && source.charAt(at) != '_') {
        fraction = after;
        real = true;
      }
    }
    // A number behind a dot is an index, as in a.0.1.
    if (real && (position == 0 || source.charAt(position - 1) != '.')) {
      String text = source.substring(position, fraction).replace("_", "");
      position = fraction;
      tokens.add(
          new Token(Token.Type.NUMBER, text, new Value.Real(Double.parseDouble(text)), line));
      return;
    }
    integer(end);
  }

  private void integer(int decimalEnd) {
    int radix = 10;
    int start = position;
    int end = decimalEnd;
    if (source.charAt(start) == '0') {
      char mark = start + 1 < source.length() ? (char) (source.charAt(start + 1) | 32) : ' ';
      int wanted = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
      int from = start + 2;
      if (wanted != 10 && from < source.length() && source.charAt(from) == '_') {
        from++;
      }
      int after =
          wanted == 10
              ? digits(start, "0")
              : digits(from, "0123456789abcdefABCDEF".substring(0, wanted == 16 ? 22 : wanted));
      if (wanted == 10 || after > from) {
        radix = wanted;
        start = wanted == 10 ? start : from;
        end = after;
      } else {
        end = start + 1;
      }
    }
    String text = source.substring(start, end).replace("_", "");
    if (text.length() > Budget.MAX_DIGITS) {
      throw TemplateException.syntax("an integer has too many digits", line);
    }
    position = end;
    tokens.add(new Token(Token.Type.NUMBER, text, Int.of(new BigInteger(text, radix)), line));
  }

  private void string(char quote) {
    int at = position + 1;
    while (at < source.length() && source.charAt(at) != quote) {
      at += source.charAt(at) == '\\' ? 2 : 1;
    }
    if (at >= source.length()) {
      throw TemplateException.syntax("unexpected char " + quote + " at " + position, line);
    }
    add(Token.Type.STRING, Escapes.unescape(source.substring(position + 1, at), line));
    count(position, at);
    position = at + 1;
  }

  private void operator(Deque<Character> open) {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, position)) {
        char c = operator.charAt(0);
        switch (c) {
          case '(' -> open.push(')');
          case '[' -> open.push(']');
          case '{' -> open.push('}');
          case ')', ']', '}' -> {
            if (open.isEmpty()) {
              throw TemplateException.syntax("unexpected '" + c + "'", line);
            }
            char expected = open.pop();
            if (expected != c) {
              throw TemplateException.syntax(
                  "unexpected '" + c + "', expected '" + expected + "'", line);
            }
          }
          default -> {}
        }
        add(Token.Type.OPERATOR, operator);
        position += operator.length();
        return;
      }
    }
    throw TemplateException.syntax(
        "unexpected char '" + Character.toString(source.codePointAt(position)) + "' at " + position,
        line);
  }
}
