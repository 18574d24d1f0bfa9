package dev.mor4j.runtime.text.regex;

import java.util.ArrayList;
import java.util.List;

/** Reads regular expressions in the syntax of Oniguruma with its Ruby flavour. One use. */
final class PatternParser {
  /**
   * The longest expression. Those of real tokenizers have some hundred characters; each set of a
   * long one can cost a millisecond.
   */
  private static final int MAX_LENGTH = 10_000;

  private static final int MAX_DEPTH = 100;
  private static final int MAX_REPEAT = 1_000;

  private final String text;
  private int at;
  private int depth;
  private boolean ignoreCase;
  private boolean dotAll;
  private boolean extended;

  private PatternParser(String text) {
    this.text = text;
  }

  /**
   * The tree of an expression.
   *
   * @throws IllegalArgumentException when it is none, or has a construct that is not supported
   */
  static Syntax parse(String text) {
    if (text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "the regular expression has "
              + text.length()
              + " characters, expected at most "
              + MAX_LENGTH);
    }
    PatternParser parser = new PatternParser(text);
    Syntax syntax = parser.choice();
    if (parser.at < text.length()) {
      throw parser.error("a ')' that closes nothing");
    }
    return syntax;
  }

  private IllegalArgumentException error(String what) {
    return new IllegalArgumentException(
        "the regular expression \"" + text + "\" has " + what + " at character " + at);
  }

  private IllegalArgumentException unsupported(String what) {
    return error("what is not supported, " + what + ",");
  }

  private boolean more() {
    return at < text.length();
  }

  private boolean skip(String what) {
    if (text.startsWith(what, at)) {
      at += what.length();
      return true;
    }
    return false;
  }

  private int next() {
    if (!more()) {
      throw error("its end where something is missing");
    }
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    return c;
  }

  private Syntax choice() {
    if (++depth > MAX_DEPTH) {
      throw error("more than " + MAX_DEPTH + " groups in each other");
    }
    boolean[] flags = {ignoreCase, dotAll, extended};
    List<Syntax> options = new ArrayList<>();
    do {
      options.add(sequence());
    } while (skip("|"));
    ignoreCase = flags[0];
    dotAll = flags[1];
    extended = flags[2];
    depth--;
    return options.size() == 1 ? options.get(0) : new Syntax.Choice(options);
  }

  private Syntax sequence() {
    List<Syntax> parts = new ArrayList<>();
    while (more() && text.charAt(at) != '|' && text.charAt(at) != ')') {
      if (extended && skipBlank()) {
        continue;
      }
      Syntax atom = atom();
      if (more()) {
        atom = quantified(atom);
      }
      parts.add(atom);
    }
    return parts.size() == 1 ? parts.get(0) : new Syntax.Sequence(parts);
  }

  private boolean skipBlank() {
    char c = text.charAt(at);
    if (c == '#') {
      while (more() && text.charAt(at) != '\n') {
        at++;
      }
      return true;
    }
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      at++;
      return true;
    }
    return false;
  }

  private Syntax quantified(Syntax atom) {
    Syntax result = atom;
    while (more()) {
      int begin = at;
      int min;
      int max;
      boolean interval = false;
      if (skip("*")) {
        min = 0;
        max = -1;
      } else if (skip("+")) {
        min = 1;
        max = -1;
      } else if (skip("?")) {
        min = 0;
        max = 1;
      } else {
        int[] bounds = text.charAt(at) == '{' ? interval() : null;
        if (bounds == null) {
          at = begin;
          return result;
        }
        interval = true;
        min = bounds[0];
        max = bounds[1];
      }
      if (max < 0 && mayBeEmpty(result)) {
        throw unsupported("a repeat of what may match nothing");
      }
      // A "+" behind an interval repeats it, and a "?" behind a fixed one makes it optional.
      if ((!interval || min != max) && skip("?")) {
        result = new Syntax.Repeat(result, min, max, false);
      } else if (!interval && skip("+")) {
        result = possessive(new Syntax.Repeat(result, min, max, true));
      } else {
        result = new Syntax.Repeat(result, min, max, true);
      }
    }
    return result;
  }

  private static boolean mayBeEmpty(Syntax syntax) {
    return switch (syntax) {
      case Syntax.Empty e -> true;
      case Syntax.Ahead a -> true;
      case Syntax.Characters c -> false;
      case Syntax.Sequence s -> s.parts().stream().allMatch(PatternParser::mayBeEmpty);
      case Syntax.Choice c -> c.options().stream().anyMatch(PatternParser::mayBeEmpty);
      case Syntax.Repeat r -> r.min() == 0 || mayBeEmpty(r.body());
    };
  }

  /** Where one out of a set repeats, "gives nothing back" is "none of the set follows". */
  private Syntax possessive(Syntax.Repeat repeat) {
    CodePointSet set = single(repeat.body());
    if (set == null) {
      throw unsupported("a possessive quantifier of more than one character");
    }
    Syntax none = new Syntax.Ahead(CodePointSet.ALL.minus(set));
    if (repeat.max() == 1) {
      return new Syntax.Choice(List.of(repeat.body(), none));
    }
    if (repeat.max() >= 0) {
      throw unsupported("a possessive quantifier with bounds");
    }
    return new Syntax.Sequence(List.of(repeat, none));
  }

  private static CodePointSet single(Syntax syntax) {
    return switch (syntax) {
      case Syntax.Characters c -> c.set();
      case Syntax.Choice choice -> {
        CodePointSet all = CodePointSet.EMPTY;
        for (Syntax option : choice.options()) {
          CodePointSet set = single(option);
          if (set == null) {
            yield null;
          }
          all = all.union(set);
        }
        yield all;
      }
      default -> null;
    };
  }

  private int[] interval() {
    at++;
    int min = number();
    int max = min;
    if (skip(",")) {
      max = number();
      if (min < 0 && max < 0) {
        return null;
      }
      min = Math.max(min, 0);
    }
    if (min < 0 || !skip("}")) {
      return null;
    }
    if (min > MAX_REPEAT || max > MAX_REPEAT) {
      throw unsupported("an interval of more than " + MAX_REPEAT);
    }
    if (max >= 0 && min > max) {
      throw error("an interval whose end is before its beginning");
    }
    return new int[] {min, max};
  }

  private int number() {
    int begin = at;
    int value = 0;
    while (more() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      value = Math.min(value * 10 + text.charAt(at) - '0', 1_000_000);
      at++;
    }
    return at == begin ? -1 : value;
  }

  private Syntax atom() {
    int c = next();
    return switch (c) {
      case '(' -> group();
      case '[' -> new Syntax.Characters(new SetParser().set());
      case '.' ->
          new Syntax.Characters(
              dotAll ? CodePointSet.ANY : CodePointSet.ANY.minus(CodePointSet.of('\n')));
      case '$' -> new Syntax.Ahead(CodePointSet.of('\n', CodePointSet.END));
      case '^' -> throw unsupported("\"^\", the beginning of a line");
      case '*', '+', '?' -> throw error("a quantifier of nothing");
      case '\\' -> escape();
      default -> literal(c);
    };
  }

  private Syntax literal(int c) {
    CodePointSet set = CodePointSet.of(c);
    return new Syntax.Characters(ignoreCase ? CaseFolding.close(set) : set);
  }

  private Syntax group() {
    if (!skip("?")) {
      return closed(choice());
    }
    if (skip(":")) {
      return closed(choice());
    }
    if (skip("=")) {
      return ahead(false);
    }
    if (skip("!")) {
      return ahead(true);
    }
    if (skip("#")) {
      while (next() != ')') {
        // A comment.
      }
      return new Syntax.Empty();
    }
    if (skip(">")) {
      Syntax body = closed(choice());
      if (single(body) != null) {
        return body;
      }
      if (body instanceof Syntax.Repeat repeat && repeat.greedy() && repeat.max() < 0) {
        return possessive(repeat);
      }
      throw unsupported("an atomic group");
    }
    if (skip("<=") || skip("<!")) {
      throw unsupported("a lookbehind");
    }
    if (skip("<") || skip("'")) {
      char end = text.charAt(at - 1) == '<' ? '>' : '\'';
      while (next() != end) {
        // The name, to which nothing can refer.
      }
      return closed(choice());
    }
    return options();
  }

  private Syntax options() {
    boolean[] flags = {ignoreCase, dotAll, extended};
    boolean on = true;
    while (true) {
      int c = next();
      switch (c) {
        case '-' -> on = false;
        case 'i' -> ignoreCase = on;
        case 'm' -> dotAll = on;
        case 'x' -> extended = on;
        case ':' -> {
          Syntax body = closed(choice());
          ignoreCase = flags[0];
          dotAll = flags[1];
          extended = flags[2];
          return body;
        }
        // To the end of the group that it is in, over all of the options that follow.
        case ')' -> {
          Syntax rest = choice();
          ignoreCase = flags[0];
          dotAll = flags[1];
          extended = flags[2];
          return rest;
        }
        default -> throw unsupported("a group \"(?" + Character.toString(c) + "\"");
      }
    }
  }

  private Syntax closed(Syntax body) {
    if (!skip(")")) {
      throw error("a group without its ')'");
    }
    return body;
  }

  private Syntax ahead(boolean negative) {
    CodePointSet set = lookahead(closed(choice()));
    if (set == null) {
      throw unsupported("a lookahead of more than one character");
    }
    return new Syntax.Ahead(negative ? CodePointSet.ALL.minus(set) : set);
  }

  /** What may come next, code points and the end; null: it cannot be said in one set. */
  private static CodePointSet lookahead(Syntax body) {
    return switch (body) {
      case Syntax.Characters c -> c.set();
      case Syntax.Ahead a -> a.set();
      case Syntax.Empty e -> CodePointSet.ALL;
      case Syntax.Repeat r ->
          // What may be left out asks nothing; of what must be there, the first is enough.
          r.min() == 0 ? CodePointSet.ALL : r.min() == 1 ? lookahead(r.body()) : null;
      case Syntax.Sequence s -> {
        CodePointSet all = CodePointSet.ALL;
        boolean taken = false;
        for (Syntax part : s.parts()) {
          CodePointSet set = lookahead(part);
          if (set == null || (taken && !set.equals(CodePointSet.ALL))) {
            yield null;
          }
          all = all.intersection(set);
          taken |= !(part instanceof Syntax.Ahead);
        }
        yield all;
      }
      case Syntax.Choice choice -> {
        CodePointSet all = CodePointSet.EMPTY;
        for (Syntax option : choice.options()) {
          CodePointSet set = lookahead(option);
          if (set == null) {
            yield null;
          }
          all = all.union(set);
        }
        yield all;
      }
    };
  }

  private Syntax escape() {
    int c = next();
    switch (c) {
      case 'z' -> {
        return new Syntax.Ahead(CodePointSet.of(CodePointSet.END));
      }
      case 'R' -> {
        Syntax cr = new Syntax.Characters(CodePointSet.of('\r'));
        Syntax lf = new Syntax.Characters(CodePointSet.of('\n'));
        return new Syntax.Choice(
            List.of(
                new Syntax.Sequence(List.of(cr, lf)),
                new Syntax.Sequence(
                    List.of(cr, new Syntax.Ahead(CodePointSet.ALL.minus(CodePointSet.of('\n'))))),
                new Syntax.Characters(
                    CodePointSet.range(0x0a, 0x0c).union(CodePointSet.of(0x85, 0x2028, 0x2029)))));
      }
      case 'A', 'b', 'B', 'G', 'K', 'Z', 'X', 'k', 'g', 'y', 'Y' ->
          throw unsupported("\"\\" + (char) c + "\"");
      default -> {
        if (c >= '1' && c <= '9') {
          throw unsupported("a reference to a group");
        }
      }
    }
    CodePointSet set = classEscape(c);
    return set == null ? literal(character(c)) : new Syntax.Characters(set);
  }

  /** The set of an escape such as {@code \s}; null: it is none. */
  private CodePointSet classEscape(int c) {
    return switch (c) {
      case 's' -> PropertySets.space();
      case 'S' -> PropertySets.space().complement();
      case 'd' -> PropertySets.digit();
      case 'D' -> PropertySets.digit().complement();
      case 'w' -> PropertySets.word();
      case 'W' -> PropertySets.word().complement();
      case 'h' -> PropertySets.find("xdigit");
      case 'H' -> PropertySets.find("xdigit").complement();
      case 'N' -> CodePointSet.ANY.minus(CodePointSet.of('\n'));
      case 'O' -> CodePointSet.ANY;
      case 'p', 'P' -> property(c == 'P');
      default -> null;
    };
  }

  private CodePointSet property(boolean negative) {
    String name;
    if (skip("{")) {
      int end = text.indexOf('}', at);
      if (end < 0) {
        throw error("a property without its '}'");
      }
      name = text.substring(at, end);
      at = end + 1;
    } else {
      name = Character.toString(next());
    }
    boolean not = name.startsWith("^");
    CodePointSet set = PropertySets.find(not ? name.substring(1) : name);
    if (set == null) {
      throw unsupported("the property \"" + name + "\"");
    }
    return negative != not ? set.complement() : set;
  }

  /** The character of an escape. */
  private int character(int c) {
    return switch (c) {
      case 't' -> '\t';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 'f' -> '\f';
      case 'v' -> 0x0b;
      case 'a' -> 0x07;
      case 'e' -> 0x1b;
      case '0' -> digits(8, 2, 0);
      case 'x' -> skip("{") ? braced() : digits(16, 2, 1);
      case 'u' -> digits(16, 4, 4);
      default -> {
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
          throw unsupported("the escape \"\\" + (char) c + "\"");
        }
        yield c;
      }
    };
  }

  private int braced() {
    int value = digits(16, 8, 1);
    if (!skip("}")) {
      throw error("an escape without its '}'");
    }
    return value;
  }

  private int digits(int radix, int most, int least) {
    long value = 0;
    int count = 0;
    while (count < most && more() && Character.digit(text.charAt(at), radix) >= 0) {
      value = value * radix + Character.digit(text.charAt(at), radix);
      at++;
      count++;
    }
    if (count < least || value > Character.MAX_CODE_POINT) {
      throw error("an escape that names no character");
    }
    return (int) value;
  }

  /** Reads what stands in brackets. */
  private final class SetParser {
    /** Behind the opening bracket. */
    CodePointSet set() {
      if (++depth > MAX_DEPTH) {
        throw error("more than " + MAX_DEPTH + " groups in each other");
      }
      boolean negative = skip("^");
      CodePointSet left = null;
      CodePointSet now = CodePointSet.EMPTY;
      boolean first = true;
      while (first || !skip("]")) {
        if (skip("&&")) {
          left = left == null ? now : left.intersection(now);
          now = CodePointSet.EMPTY;
        } else {
          now = now.union(item());
        }
        first = false;
      }
      depth--;
      CodePointSet all = left == null ? now : left.intersection(now);
      if (ignoreCase) {
        all = CaseFolding.close(all);
      }
      return negative ? all.complement() : all;
    }

    private CodePointSet item() {
      if (skip("[:")) {
        return posix();
      }
      int c = next();
      if (c == '[') {
        return set();
      }
      if (c == '\\') {
        int escaped = next();
        if (escaped == 'R' || escaped == 'X' || (escaped >= '1' && escaped <= '9')) {
          throw unsupported("\"\\" + (char) escaped + "\" in brackets");
        }
        CodePointSet set = classEscape(escaped);
        if (set != null) {
          return set;
        }
        c = escaped == 'b' ? '\b' : character(escaped);
      }
      if (!text.startsWith("-", at) || text.startsWith("-]", at) || text.startsWith("-&&", at)) {
        return CodePointSet.of(c);
      }
      int dash = at++;
      int last = next();
      if (last == '[') {
        at = dash;
        return CodePointSet.of(c);
      }
      if (last == '\\') {
        int escaped = next();
        if ("sSdDwWhHpPNO".indexOf(escaped) >= 0) {
          // Not a range: the hyphen stands for itself.
          at = dash;
          return CodePointSet.of(c);
        }
        last = escaped == 'b' ? '\b' : character(escaped);
      }
      if (last < c) {
        throw error("a range whose end is before its beginning");
      }
      return CodePointSet.range(c, last);
    }

    private CodePointSet posix() {
      boolean not = skip("^");
      int end = text.indexOf(":]", at);
      CodePointSet set = end < 0 ? null : PropertySets.find(text.substring(at, end));
      if (set == null) {
        throw error("an unknown class in \"[:\"");
      }
      at = end + 2;
      return not ? set.complement() : set;
    }
  }
}
