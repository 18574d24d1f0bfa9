package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** The methods of texts, as Python's {@code str} has them. */
final class TextMethods {
  /** A method of {@code text}. */
  @FunctionalInterface
  private interface Method {
    Value call(Budget budget, Text text, Arguments arguments);
  }

  private static final Map<String, Method> METHODS = methods();

  private TextMethods() {}

  /** The method {@code name} of {@code text}, or null. */
  static Value find(Text text, String name) {
    return switch (name) {
      case "format" ->
          new Function(
              name, (rendering, arguments) -> BraceFormat.format(rendering, text, arguments));
      case "format_map" ->
          new Function(
              name,
              (rendering, arguments) ->
                  BraceFormat.formatMap(
                      rendering, text, arguments.positionalOnly("format_map", 1, 1)[0]));
      default -> {
        Method method = METHODS.get(name);
        yield method == null
            ? null
            : new Function(
                name, (rendering, arguments) -> method.call(rendering.budget(), text, arguments));
      }
    };
  }

  private static Text translate(Budget budget, Text text, Value table) {
    if (!(table instanceof Dictionary dictionary)) {
      throw TemplateException.runtime("translate needs a dictionary, found " + table.type());
    }
    TextBuilder out = new TextBuilder(budget);
    for (int i = 0; i < text.length(); i++) {
      switch (dictionary.get(budget, Int.of(text.at(i)))) {
        case null -> out.addRaw(text.raw(i));
        case Value.None ignored -> {}
        case Text other -> out.add(other);
        case Int point -> out.add(FormatSpec.parse(Text.of("c")).apply(budget, point));
        default ->
            throw TemplateException.runtime("character mapping must return integer, None or str");
      }
    }
    return out.text().safe(text.isSafe());
  }

  private static Map<String, Method> methods() {
    Map<String, Method> methods = new HashMap<>();
    methods.put("upper", (b, t, a) -> none(a, Characters.upper(b, t)));
    methods.put("lower", (b, t, a) -> none(a, Characters.lower(b, t)));
    methods.put("title", (b, t, a) -> none(a, Characters.title(b, t)));
    methods.put("capitalize", (b, t, a) -> none(a, Characters.capitalize(b, t)));
    methods.put("swapcase", (b, t, a) -> none(a, Characters.swapCase(b, t)));
    methods.put("casefold", (b, t, a) -> none(a, Characters.caseFold(b, t)));
    methods.put("strip", (b, t, a) -> strip(b, t, a.positionalOnly("strip", 0, 1)[0], true, true));
    methods.put(
        "lstrip", (b, t, a) -> strip(b, t, a.positionalOnly("lstrip", 0, 1)[0], true, false));
    methods.put(
        "rstrip", (b, t, a) -> strip(b, t, a.positionalOnly("rstrip", 0, 1)[0], false, true));
    methods.put("translate", (b, t, a) -> translate(b, t, a.positionalOnly("translate", 1, 1)[0]));
    methods.put("split", (b, t, a) -> split(b, t, a.bind("split", 0, "sep", "maxsplit"), false));
    methods.put("rsplit", (b, t, a) -> split(b, t, a.bind("rsplit", 0, "sep", "maxsplit"), true));
    methods.put(
        "splitlines",
        (b, t, a) -> {
          Value keep = a.bind("splitlines", 0, "keepends")[0];
          return Sequence.list(lines(b, t, keep != null && Iteration.truth(keep)));
        });
    methods.put("partition", (b, t, a) -> partition(b, t, a, false));
    methods.put("rpartition", (b, t, a) -> partition(b, t, a, true));
    methods.put("startswith", (b, t, a) -> affix(t, a, "startswith"));
    methods.put("endswith", (b, t, a) -> affix(t, a, "endswith"));
    methods.put("find", (b, t, a) -> find(b, t, a, "find"));
    methods.put("rfind", (b, t, a) -> find(b, t, a, "rfind"));
    methods.put("index", (b, t, a) -> find(b, t, a, "index"));
    methods.put("rindex", (b, t, a) -> find(b, t, a, "rindex"));
    methods.put("count", TextMethods::count);
    methods.put(
        "replace",
        (b, t, a) -> {
          Value[] bound = a.bind("replace", 2, "old", "new", "count");
          return replace(b, t, text(bound[0]), text(bound[1]), bound[2]);
        });
    methods.put(
        "removeprefix",
        (b, t, a) -> {
          Text prefix = text(a.positionalOnly("removeprefix", 1, 1)[0]);
          return t.matches(prefix, 0) ? t.part(b, prefix.length(), t.length()) : t;
        });
    methods.put(
        "removesuffix",
        (b, t, a) -> {
          Text suffix = text(a.positionalOnly("removesuffix", 1, 1)[0]);
          int at = t.length() - suffix.length();
          return t.matches(suffix, at) ? t.part(b, 0, at) : t;
        });
    methods.put("join", (b, t, a) -> join(b, t, a.positionalOnly("join", 1, 1)[0]));
    methods.put("center", (b, t, a) -> pad(b, t, a, "center"));
    methods.put("ljust", (b, t, a) -> pad(b, t, a, "ljust"));
    methods.put("rjust", (b, t, a) -> pad(b, t, a, "rjust"));
    methods.put("zfill", TextMethods::zfill);
    methods.put("expandtabs", TextMethods::expandTabs);
    classes(methods);
    return Map.copyOf(methods);
  }

  private static void classes(Map<String, Method> methods) {
    all(methods, "isdigit", Characters::isDigit);
    all(methods, "isdecimal", Character::isDigit);
    all(methods, "isnumeric", Characters::isNumeric);
    all(methods, "isalpha", Character::isLetter);
    all(methods, "isalnum", Characters::isAlphanumeric);
    all(methods, "isspace", Characters::isSpace);
    methods.put(
        "isprintable",
        (b, t, a) -> Value.Bool.of(t.isEmpty() || every(b, t, Characters::isPrintable)));
    methods.put("isascii", (b, t, a) -> Value.Bool.of(t.isEmpty() || every(b, t, p -> p < 128)));
    methods.put(
        "isidentifier",
        (b, t, a) ->
            Value.Bool.of(
                every(b, t, p -> p == '_' || Character.isUnicodeIdentifierPart(p))
                    && (t.at(0) == '_' || Character.isUnicodeIdentifierStart(t.at(0)))));
    methods.put("isupper", (b, t, a) -> Value.Bool.of(isCase(b, t, true)));
    methods.put("islower", (b, t, a) -> Value.Bool.of(isCase(b, t, false)));
    methods.put("istitle", (b, t, a) -> Value.Bool.of(isTitle(b, t)));
  }

  private static void all(Map<String, Method> methods, String name, IntPredicate test) {
    methods.put(name, (b, t, a) -> Value.Bool.of(every(b, t, test)));
  }

  private static boolean every(Budget budget, Text text, IntPredicate test) {
    budget.steps(text.length() >> 3);
    for (int i = 0; i < text.length(); i++) {
      if (!test.test(text.at(i))) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /** {@code isupper} or {@code islower}. */
  static boolean isCase(Budget budget, Text text, boolean upper) {
    budget.steps(text.length() >> 3);
    boolean any = false;
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      boolean wanted = upper ? Character.isUpperCase(point) : Character.isLowerCase(point);
      if (!wanted && Characters.isCased(point)) {
        return false;
      }
      any |= wanted;
    }
    return any;
  }

  private static boolean isTitle(Budget budget, Text text) {
    budget.steps(text.length() >> 3);
    boolean inside = false;
    boolean any = false;
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      boolean begins = Character.isUpperCase(point) || Character.isTitleCase(point);
      boolean cased = Characters.isCased(point);
      if (cased && begins == inside) {
        return false;
      }
      inside = cased;
      any |= cased;
    }
    return any;
  }

  private static Value none(Arguments arguments, Value value) {
    arguments.positionalOnly("the method", 0, 0);
    return value;
  }

  static Text text(Value value) {
    if (value instanceof Text text) {
      return text;
    }
    throw value instanceof Undefined undefined
        ? undefined.failure()
        : TemplateException.runtime("must be str, not " + value.type());
  }

  /** Without the characters of {@code chars} at its ends; null and None stand for white space. */
  static Text strip(Budget budget, Text text, Value chars, boolean left, boolean right) {
    IntPredicate stripped;
    if (chars == null || chars == Value.None.NONE) {
      stripped = Characters::isSpace;
    } else {
      Text set = text(chars);
      stripped = point -> set.length() > 0 && indexOf(budget, set, point) >= 0;
    }
    int from = 0;
    int to = text.length();
    while (left && from < to && stripped.test(text.at(from))) {
      from++;
    }
    while (right && to > from && stripped.test(text.at(to - 1))) {
      to--;
    }
    return text.part(budget, from, to);
  }

  private static int indexOf(Budget budget, Text set, int point) {
    budget.steps(set.length() >> 4);
    for (int i = 0; i < set.length(); i++) {
      if (set.at(i) == point) {
        return i;
      }
    }
    return -1;
  }

  private static Value split(Budget budget, Text text, Value[] bound, boolean fromEnd) {
    long most = bound[1] == null ? -1 : Arithmetic.integer(bound[1]).clamped();
    long left = most < 0 ? Long.MAX_VALUE : most;
    List<Value> parts = new ArrayList<>();
    boolean words = bound[0] == null || bound[0] == Value.None.NONE;
    if (words) {
      splitWords(budget, text, left, fromEnd, parts);
    } else {
      Text separator = text(bound[0]);
      if (separator.isEmpty()) {
        throw TemplateException.runtime("empty separator");
      }
      splitAt(budget, text, separator, left, fromEnd, parts);
    }
    return Sequence.list(fromEnd ? parts.reversed() : parts);
  }

  private static void splitAt(
      Budget budget, Text text, Text separator, long most, boolean fromEnd, List<Value> parts) {
    int from = 0;
    int to = text.length();
    for (long left = most; left > 0; left--) {
      int at =
          fromEnd
              ? text.findLast(budget, separator, 0, to)
              : text.find(budget, separator, from, to);
      if (at < 0) {
        break;
      }
      budget.list(1);
      if (fromEnd) {
        parts.add(text.part(budget, at + separator.length(), to));
        to = at;
      } else {
        parts.add(text.part(budget, from, at));
        from = at + separator.length();
      }
    }
    parts.add(text.part(budget, from, to));
  }

  private static void splitWords(
      Budget budget, Text text, long most, boolean fromEnd, List<Value> parts) {
    int from = 0;
    int to = text.length();
    budget.steps(text.length() >> 3);
    for (long left = most; ; left--) {
      while (from < to && Characters.isSpace(text.at(fromEnd ? to - 1 : from))) {
        if (fromEnd) {
          to--;
        } else {
          from++;
        }
      }
      if (from == to) {
        return;
      }
      budget.list(1);
      if (left <= 0) {
        // The rest, whose other end still has its white space.
        parts.add(text.part(budget, from, to));
        return;
      }
      int at = fromEnd ? to : from;
      while (fromEnd
          ? at > from && !Characters.isSpace(text.at(at - 1))
          : at < to && !Characters.isSpace(text.at(at))) {
        at += fromEnd ? -1 : 1;
      }
      parts.add(fromEnd ? text.part(budget, at, to) : text.part(budget, from, at));
      if (fromEnd) {
        to = at;
      } else {
        from = at;
      }
    }
  }

  /** {@code splitlines}. */
  static List<Value> lines(Budget budget, Text text, boolean keepEnds) {
    List<Value> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      if (Characters.isLineEnd(text.at(i))) {
        int end = i;
        if (text.at(i) == '\r' && i + 1 < text.length() && text.at(i + 1) == '\n') {
          i++;
        }
        budget.list(1);
        lines.add(text.part(budget, from, keepEnds ? i + 1 : end));
        from = i + 1;
      }
    }
    if (from < text.length()) {
      lines.add(text.part(budget, from, text.length()));
    }
    return lines;
  }

  private static Value partition(Budget budget, Text text, Arguments arguments, boolean last) {
    Text separator = text(arguments.positionalOnly("partition", 1, 1)[0]);
    if (separator.isEmpty()) {
      throw TemplateException.runtime("empty separator");
    }
    int at =
        last
            ? text.findLast(budget, separator, 0, text.length())
            : text.find(budget, separator, 0, text.length());
    if (at < 0) {
      Text empty = Text.EMPTY.safe(text.isSafe());
      return last ? Sequence.tuple(empty, empty, text) : Sequence.tuple(text, empty, empty);
    }
    return Sequence.tuple(
        text.part(budget, 0, at),
        separator.safe(text.isSafe()),
        text.part(budget, at + separator.length(), text.length()));
  }

  private static Value affix(Text text, Arguments arguments, String name) {
    Value[] bound = arguments.positionalOnly(name, 1, 3);
    int from = Slices.index(bound[1], text.length(), 0);
    int to = Slices.index(bound[2], text.length(), text.length());
    List<Value> affixes =
        bound[0] instanceof Sequence tuple && tuple.isTuple() ? tuple.items() : List.of(bound[0]);
    for (Value value : affixes) {
      Text affix = text(value);
      int at = name.equals("startswith") ? from : to - affix.length();
      if (from <= to && at >= from && at + affix.length() <= to && text.matches(affix, at)) {
        return Value.Bool.TRUE;
      }
    }
    return Value.Bool.FALSE;
  }

  private static Value find(Budget budget, Text text, Arguments arguments, String name) {
    Value[] bound = arguments.positionalOnly(name, 1, 3);
    Text part = text(bound[0]);
    boolean beyond =
        bound[1] != null
            && bound[1] != Value.None.NONE
            && Arithmetic.integer(bound[1]).clamped() > text.length();
    int from = Slices.index(bound[1], text.length(), 0);
    int to = Slices.index(bound[2], text.length(), text.length());
    int at =
        beyond || from > to
            ? -1
            : name.startsWith("r")
                ? text.findLast(budget, part, from, to)
                : text.find(budget, part, from, to);
    if (at < 0 && name.endsWith("index")) {
      throw TemplateException.runtime("substring not found");
    }
    return Int.of(at);
  }

  private static Value count(Budget budget, Text text, Arguments arguments) {
    Value[] bound = arguments.positionalOnly("count", 1, 3);
    Text part = text(bound[0]);
    int from = Slices.index(bound[1], text.length(), 0);
    int to = Slices.index(bound[2], text.length(), text.length());
    if (part.isEmpty()) {
      return Int.of(from <= to ? to - from + 1 : 0);
    }
    int count = 0;
    for (int at = text.find(budget, part, from, to);
        at >= 0;
        at = text.find(budget, part, at + part.length(), to)) {
      budget.step();
      count++;
    }
    return Int.of(count);
  }

  /** With {@code replacement} for {@code old}, at most {@code count} times where that is given. */
  static Text replace(Budget budget, Text text, Text old, Text replacement, Value count) {
    long most = count == null ? -1 : Arithmetic.integer(count).clamped();
    long left = most < 0 ? Long.MAX_VALUE : most;
    Text inserted = text.isSafe() ? Markup.escape(budget, replacement) : replacement;
    TextBuilder out = new TextBuilder(budget);
    int from = 0;
    while (left > 0) {
      int at = old.isEmpty() ? from : text.find(budget, old, from, text.length());
      if (at < 0 || at > text.length()) {
        break;
      }
      budget.step();
      left--;
      out.add(text, from, at).add(inserted);
      from = at + old.length();
      if (old.isEmpty()) {
        if (from >= text.length()) {
          break;
        }
        out.addRaw(text.raw(from++));
      }
    }
    if (from == 0 && left == (most < 0 ? Long.MAX_VALUE : most)) {
      return text;
    }
    out.add(text, Math.min(from, text.length()), text.length());
    return out.text().safe(text.isSafe());
  }

  /** The texts of {@code values} with {@code separator} between them. */
  static Text join(Budget budget, Text separator, Value values) {
    TextBuilder out = new TextBuilder(budget);
    int index = 0;
    for (Value value : Iteration.list(budget, values)) {
      budget.step();
      if (index > 0) {
        out.add(separator);
      }
      if (!(value instanceof Text text)) {
        throw TemplateException.runtime(
            "sequence item " + index + ": expected str instance, " + value.type() + " found");
      }
      out.add(separator.isSafe() ? Markup.escape(budget, text) : text);
      index++;
    }
    return out.text().safe(separator.isSafe());
  }

  private static Value pad(Budget budget, Text text, Arguments arguments, String name) {
    Value[] bound = arguments.positionalOnly(name, 1, 2);
    Text fill = bound[1] == null ? Text.of(" ") : text(bound[1]);
    if (fill.length() != 1) {
      throw TemplateException.runtime("The fill character must be exactly one character long");
    }
    return pad(budget, text, Arithmetic.integer(bound[0]).clamped(), fill.raw(0), name);
  }

  /** Filled up to {@code width} as the method {@code name} does it. */
  static Text pad(Budget budget, Text text, long width, int fill, String name) {
    long missing = width - text.length();
    if (missing <= 0) {
      return text;
    }
    long left =
        switch (name) {
          case "ljust" -> 0;
          case "rjust" -> missing;
          default -> missing / 2 + (missing & width & 1);
        };
    return new TextBuilder(budget)
        .addRepeated(fill, left)
        .add(text)
        .addRepeated(fill, missing - left)
        .text()
        .safe(text.isSafe());
  }

  private static Value zfill(Budget budget, Text text, Arguments arguments) {
    long width = Arithmetic.integer(arguments.positionalOnly("zfill", 1, 1)[0]).clamped();
    if (width <= text.length()) {
      return text;
    }
    boolean signed = !text.isEmpty() && (text.at(0) == '+' || text.at(0) == '-');
    TextBuilder out = new TextBuilder(budget);
    return out.add(text, 0, signed ? 1 : 0)
        .addRepeated('0', width - text.length())
        .add(text, signed ? 1 : 0, text.length())
        .text();
  }

  private static Value expandTabs(Budget budget, Text text, Arguments arguments) {
    Value size = arguments.bind("expandtabs", 0, "tabsize")[0];
    long width = size == null ? 8 : Arithmetic.integer(size).clamped();
    TextBuilder out = new TextBuilder(budget);
    long column = 0;
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      if (point == '\t') {
        if (width > 0) {
          long count = width - column % width;
          out.addRepeated(' ', count);
          column += count;
        }
      } else {
        out.addRaw(text.raw(i));
        column = point == '\n' || point == '\r' ? 0 : column + 1;
      }
    }
    return out.text();
  }
}
