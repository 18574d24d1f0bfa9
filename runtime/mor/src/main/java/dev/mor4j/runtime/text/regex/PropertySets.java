package dev.mor4j.runtime.text.regex;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Sets of code points by name, as in {@code \p{Lu}}. Any thread. */
final class PropertySets {
  private static final Map<String, CodePointSet> SETS = new ConcurrentHashMap<>();
  // By Character.getType.
  private static final String[] CATEGORIES = {
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc",
    "Cf", "", "Co", "Cs", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf"
  };

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
      case "word" ->
          named("alpha")
              .union(named("m"))
              .union(named("nd"))
              .union(named("pc"))
              .union(CodePointSet.of(0xb2, 0xb3, 0xb9, 0xbc, 0xbd, 0xbe));
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
    int types = 0;
    for (int type = 0; type < CATEGORIES.length; type++) {
      String category = CATEGORIES[type].toLowerCase(Locale.ROOT);
      if (!category.isEmpty() && (category.equals(key) || category.substring(0, 1).equals(key))) {
        types |= 1 << type;
      }
    }
    if (types != 0) {
      int wanted = types;
      return CodePointSet.where(c -> (wanted >> Character.getType(c) & 1) != 0);
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
