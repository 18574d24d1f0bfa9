package dev.mor4j.runtime.text.regex;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** A regular expression in the syntax of Oniguruma that is searched for in UTF-8. Any thread. */
public final class TextPattern {
  private final Pattern pattern;

  private TextPattern(Pattern pattern) {
    this.pattern = pattern;
  }

  /**
   * Compiles an expression.
   *
   * @throws IllegalArgumentException when {@code expression} is none, or has a construct that is
   *     not supported; the message names it
   */
  public static TextPattern compile(String expression) {
    try {
      return new TextPattern(Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** A pattern that matches {@code text} as it stands. */
  public static TextPattern literal(String text) {
    return new TextPattern(Pattern.compile(text, Pattern.LITERAL));
  }

  /**
   * The first match that begins at {@code from} or later. Nothing before {@code from} is looked at;
   * {@code to} is the end of the text.
   *
   * @return {@code start << 32 | end}, or -1 when there is none
   */
  public long find(byte[] text, int from, int to) {
    String rest = new String(text, from, to - from, StandardCharsets.UTF_8);
    Matcher matcher = pattern.matcher(rest);
    if (!matcher.find()) {
      return -1;
    }
    int start = from + rest.substring(0, matcher.start()).getBytes(StandardCharsets.UTF_8).length;
    int end = start + matcher.group().getBytes(StandardCharsets.UTF_8).length;
    return (long) start << 32 | end;
  }
}
