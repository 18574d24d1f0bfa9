package dev.mor4j.runtime.text.regex;

import dev.mor4j.runtime.text.unicode.CharacterClasses;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sets of code points by name, as in {@code \p{Lu}}. General categories, {@code \w} and Han are
 * those of Unicode 16; other scripts, and what is known of letters' case, are the platform's. Any
 * thread.
 */
final class PropertySets {
  private static final Map<String, CodePointSet> SETS = new ConcurrentHashMap<>();
  private static final Map<String, String> LONG_NAMES =
      Map.ofEntries(
          Map.entry("letter", "l"),
          Map.entry("uppercaseletter", "lu"),
          Map.entry("lowercaseletter", "ll"),
          Map.entry("titlecaseletter", "lt"),
          Map.entry("modifierletter", "lm"),
          Map.entry("otherletter", "lo"),
          Map.entry("mark", "m"),
          Map.entry("nonspacingmark", "mn"),
          Map.entry("spacingmark", "mc"),
          Map.entry("enclosingmark", "me"),
          Map.entry("number", "n"),
          Map.entry("decimalnumber", "nd"),
          Map.entry("letternumber", "nl"),
          Map.entry("othernumber", "no"),
          Map.entry("punctuation", "p"),
          Map.entry("symbol", "s"),
          Map.entry("separator", "z"),
          Map.entry("other", "c"),
          Map.entry("control", "cc"),
          Map.entry("format", "cf"));

  private PropertySets() {}

  /** {@code \s}. */
  static CodePointSet space() {
    return named("space");
  }

  /** {@code \w}. */
  static CodePointSet word() {
    return named("word");
  }

  /** {@code \d}. */
  static CodePointSet digit() {
    return named("nd");
  }

  /**
   * A set by its name, in which case, blanks, hyphens and underscores do not matter.
   *
   * @return null when there is none
   */
  static CodePointSet find(String name) {
    String key = name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", "");
    CodePointSet set = SETS.get(key);
    if (set == null) {
      set = make(LONG_NAMES.getOrDefault(key, key), name);
      if (set != null) {
        SETS.put(key, set);
      }
    }
    return set;
  }

  private static CodePointSet named(String name) {
    return find(name);
  }

  private static CodePointSet make(String key, String name) {
    return switch (key) {
      case "any" -> CodePointSet.ANY;
      case "assigned" -> named("cn").complement();
      case "ascii" -> CodePointSet.range(0, 0x7f);
      case "space", "whitespace" ->
          named("z").union(CodePointSet.range(9, 13)).union(CodePointSet.of(0x85));
      case "word" -> CodePointSet.ofBounds(CharacterClasses.bounds("word"));
      case "han" -> CodePointSet.ofBounds(CharacterClasses.bounds("han"));
      case "alpha", "alphabetic" -> CodePointSet.where(Character::isAlphabetic);
      case "upper", "uppercase" -> CodePointSet.where(Character::isUpperCase);
      case "lower", "lowercase" -> CodePointSet.where(Character::isLowerCase);
      case "alnum" -> named("alpha").union(named("nd"));
      case "digit" -> named("nd");
      case "xdigit" ->
          CodePointSet.range('0', '9')
              .union(CodePointSet.range('a', 'f'))
              .union(CodePointSet.range('A', 'F'));
      case "blank" -> named("zs").union(CodePointSet.of('\t'));
      case "cntrl" -> named("cc");
      case "punct" ->
          named("p").union(CodePointSet.of('$', '+', '<', '=', '>', '^', '`', '|', '~'));
      case "graph" ->
          named("space").union(named("cc")).union(named("cn")).union(named("cs")).complement();
      case "print" -> named("graph").union(named("zs"));
      default -> categoryOrScript(key, name);
    };
  }

  private static CodePointSet categoryOrScript(String key, String name) {
    CodePointSet set = CodePointSet.EMPTY;
    for (String category : CharacterClasses.names()) {
      String lower = category.toLowerCase(Locale.ROOT);
      if (lower.length() == 2 && (lower.equals(key) || lower.substring(0, 1).equals(key))) {
        set = set.union(CodePointSet.ofBounds(CharacterClasses.bounds(category)));
      }
    }
    if (!set.isEmpty()) {
      return set;
    }
    try {
      Character.UnicodeScript script =
          Character.UnicodeScript.forName(name.strip().replaceAll("[ -]", "_"));
      return CodePointSet.where(c -> Character.UnicodeScript.of(c) == script);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
