package dev.mor4j.runtime.text.tokenizer.match;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.regex.TextPattern;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.utf8.Utf8;
import java.util.Map;
import java.util.function.IntPredicate;

/** Finds something in a text. Immutable; any thread. */
@FunctionalInterface
public interface Finder {
  /** What {@link #find} gives where nothing is found. */
  long NONE = -1;

  /** The first match in {@code text[from, to)}: where it begins {@code << 32 |} where it ends. */
  long find(byte[] text, int from, int to);

  /** Where a match begins. */
  static int start(long match) {
    return (int) (match >>> 32);
  }

  /** Where a match ends. */
  static int end(long match) {
    return (int) match;
  }

  /** A match. */
  static long match(int start, int end) {
    return (long) start << 32 | end;
  }

  /**
   * Reads a pattern: {@code {"String": …}} or {@code {"Regex": …}}.
   *
   * @throws ModelFormatException when it is neither, or not a regular expression that can be used
   */
  static Finder read(Settings settings, String key) throws ModelFormatException {
    if (settings.value(key) instanceof Map<?, ?> pattern && pattern.size() == 1) {
      if (pattern.get("String") instanceof String text) {
        return text(text);
      }
      if (pattern.get("Regex") instanceof String expression) {
        return expression(settings, key, expression);
      }
    }
    throw settings.refuse(key, "{\"String\": …} or {\"Regex\": …}");
  }

  /** Finds a text; an empty one everywhere. */
  static Finder text(String wanted) {
    byte[] part = Utf8.encode(wanted);
    if (part.length == 0) {
      return (text, from, to) -> match(from, from);
    }
    if (part.length <= ShortText.MAX_BYTES) {
      return new ShortText(part);
    }
    return new LongText(part);
  }

  /** Finds single characters. */
  static Finder character(IntPredicate wanted) {
    return (text, from, to) -> {
      for (int i = from; i < to; i += Utf8.length(text[i])) {
        if (wanted.test(Utf8.codePointAt(text, i))) {
          return match(i, i + Utf8.length(text[i]));
        }
      }
      return NONE;
    };
  }

  private static Finder expression(Settings settings, String key, String expression)
      throws ModelFormatException {
    try {
      return TextPattern.compile(expression)::find;
    } catch (IllegalArgumentException e) {
      throw settings.unusable(key + ".Regex", e.getMessage(), e);
    }
  }
}
