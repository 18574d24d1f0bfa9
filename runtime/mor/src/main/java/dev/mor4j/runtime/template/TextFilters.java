package dev.mor4j.runtime.template;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Filters that give texts. */
final class TextFilters {
  private TextFilters() {}

  static void addTo(Map<String, Filters.Filter> filters) {
    filters.put("upper", (r, v, a) -> Characters.upper(r.budget(), soft(r, v, a)));
    filters.put("lower", (r, v, a) -> Characters.lower(r.budget(), soft(r, v, a)));
    filters.put("capitalize", (r, v, a) -> Characters.capitalize(r.budget(), soft(r, v, a)));
    filters.put("title", (r, v, a) -> title(r.budget(), soft(r, v, a)));
    filters.put("string", (r, v, a) -> soft(r, v, a));
    filters.put(
        "trim",
        (r, v, a) ->
            TextMethods.strip(
                r.budget(),
                Printing.soft(r.budget(), v),
                a.bind("trim", 0, "chars")[0],
                true,
                true));
    filters.put(
        "replace",
        (r, v, a) -> {
          Value[] bound = a.bind("replace", 2, "old", "new", "count");
          Budget budget = r.budget();
          return TextMethods.replace(
              budget,
              Printing.string(budget, v),
              Printing.string(budget, bound[0]),
              Printing.string(budget, bound[1]),
              bound[2] == Value.None.NONE ? null : bound[2]);
        });
    filters.put(
        "center",
        (r, v, a) -> {
          Value width = a.bind("center", 0, "width")[0];
          long columns = width == null ? 80 : Arithmetic.integer(width).clamped();
          return TextMethods.pad(r.budget(), Printing.soft(r.budget(), v), columns, ' ', "center");
        });
    filters.put("indent", TextFilters::indent);
    filters.put("truncate", TextFilters::truncate);
    filters.put("wordwrap", TextFilters::wordWrap);
    filters.put("wordcount", (r, v, a) -> words(r.budget(), soft(r, v, a)));
    filters.put("format", TextFilters::format);
    filters.put("urlencode", TextFilters::urlEncode);
    filters.put("escape", (r, v, a) -> Markup.escape(r.budget(), v));
    filters.put("e", filters.get("escape"));
    filters.put("forceescape", (r, v, a) -> Markup.force(r.budget(), v));
    filters.put("safe", (r, v, a) -> soft(r, v, a).safe(true));
    filters.put("striptags", (r, v, a) -> stripTags(r.budget(), soft(r, v, a)));
    filters.put("xmlattr", TextFilters::xmlAttributes);
    filters.put("pprint", (r, v, a) -> PrettyText.write(r.budget(), v));
  }

  private static Text soft(Rendering rendering, Value value, Arguments arguments) {
    arguments.bind("the filter", 0);
    return Printing.soft(rendering.budget(), value);
  }

  /** Capitals after white space, hyphens and opening brackets. */
  private static Text title(Budget budget, Text text) {
    TextBuilder out = new TextBuilder(budget);
    boolean separated = true;
    int from = 0;
    for (int i = 0; i <= text.length(); i++) {
      boolean end = i == text.length();
      boolean separator =
          !end && (Characters.isSpace(text.at(i)) || "-({[<".indexOf(text.at(i)) >= 0);
      if (!separated && (end || separator)) {
        out.add(Characters.upper(budget, text.part(budget, from, from + 1)));
        out.add(Characters.lower(budget, text.part(budget, from + 1, i)));
      } else if (separated && !separator) {
        out.add(text, from, i);
      }
      if (end && separated) {
        break;
      }
      if (separator != separated) {
        from = i;
        separated = separator;
      }
    }
    return out.text();
  }

  private static Value indent(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("indent", 0, "width", "first", "blank");
    Budget budget = rendering.budget();
    Text text = TextMethods.text(input);
    Text indentation =
        bound[0] instanceof Text given
            ? given
            : Text.of(" ")
                .times(budget, bound[0] == null ? 4 : Arithmetic.integer(bound[0]).clamped());
    boolean first = bound[1] != null && Iteration.truth(bound[1]);
    boolean blank = bound[2] != null && Iteration.truth(bound[2]);
    List<Value> lines = TextMethods.lines(budget, text.plus(budget, Text.of("\n")), false);
    TextBuilder out = new TextBuilder(budget);
    for (int i = 0; i < lines.size(); i++) {
      Text line = (Text) lines.get(i);
      if (i > 0) {
        out.add("\n");
      }
      if (i == 0 ? first : blank || !line.isEmpty()) {
        out.add(indentation);
      }
      out.add(line);
    }
    return out.text().safe(text.isSafe());
  }

  private static Value truncate(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
    Budget budget = rendering.budget();
    long length = bound[0] == null ? 255 : Arithmetic.integer(bound[0]).clamped();
    boolean kill = bound[1] != null && Iteration.truth(bound[1]);
    Text end = bound[2] == null ? Text.of("...") : TextMethods.text(bound[2]);
    long leeway =
        bound[3] == null || bound[3] == Value.None.NONE
            ? 5
            : Arithmetic.integer(bound[3]).clamped();
    if (length < end.length() || leeway < 0) {
      throw TemplateException.runtime(
          "expected length >= " + end.length() + " and leeway >= 0, got " + length);
    }
    if (Iteration.length(input) <= length + leeway) {
      return input;
    }
    Text text = TextMethods.text(input);
    Text cut = text.part(budget, 0, (int) length - end.length());
    if (!kill) {
      int space = cut.findLast(budget, Text.of(" "), 0, cut.length());
      cut = space < 0 ? cut : cut.part(budget, 0, space);
    }
    return cut.plus(budget, end);
  }

  private static Value wordWrap(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound =
        arguments.bind(
            "wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
    Budget budget = rendering.budget();
    long width = bound[0] == null ? 79 : Arithmetic.integer(bound[0]).clamped();
    Text separator =
        bound[2] == null || bound[2] == Value.None.NONE
            ? Text.of("\n")
            : TextMethods.text(bound[2]);
    TextWrap wrap =
        new TextWrap(
            budget,
            (int) Math.min(width, Integer.MAX_VALUE),
            bound[1] == null || Iteration.truth(bound[1]),
            bound[3] == null || Iteration.truth(bound[3]));
    TextBuilder out = new TextBuilder(budget);
    boolean first = true;
    for (Value line : TextMethods.lines(budget, TextMethods.text(input), false)) {
      out.add(first ? Text.EMPTY : separator);
      first = false;
      List<Text> wrapped = wrap.wrap((Text) line);
      for (int i = 0; i < wrapped.size(); i++) {
        out.add(i == 0 ? Text.EMPTY : separator).add(wrapped.get(i));
      }
    }
    return out.text();
  }

  private static Value words(Budget budget, Text text) {
    budget.steps(text.length() >> 3);
    int count = 0;
    boolean inside = false;
    for (int i = 0; i < text.length(); i++) {
      boolean word = Characters.isWord(text.at(i));
      count += word && !inside ? 1 : 0;
      inside = word;
    }
    return Int.of(count);
  }

  private static Value format(Rendering rendering, Value input, Arguments arguments) {
    Budget budget = rendering.budget();
    if (arguments.named().isEmpty()) {
      return PercentFormat.format(
          budget,
          Printing.soft(budget, input),
          new Sequence(arguments.positional(), Sequence.Form.TUPLE));
    }
    if (!arguments.positional().isEmpty()) {
      throw TemplateException.runtime(
          "can't handle positional and keyword arguments at the same time");
    }
    Dictionary named = Dictionary.empty();
    budget.entries(arguments.named().size());
    arguments.named().forEach((name, value) -> named.entries().put(new Key(Text.of(name)), value));
    return PercentFormat.format(budget, Printing.soft(budget, input), named);
  }

  private static Value urlEncode(Rendering rendering, Value input, Arguments arguments) {
    arguments.bind("urlencode", 0);
    Budget budget = rendering.budget();
    TextBuilder out = new TextBuilder(budget);
    if (input instanceof Text || !Iteration.isIterable(input)) {
      quote(out, Printing.string(budget, input), false);
      return out.text();
    }
    Value pairs =
        input instanceof Dictionary dictionary
            ? new DictionaryView(dictionary, DictionaryView.Part.ITEMS)
            : input;
    boolean first = true;
    for (Value item : Iteration.list(budget, pairs)) {
      List<Value> pair = Iteration.list(budget, item);
      if (pair.size() != 2) {
        throw TemplateException.runtime("urlencode needs pairs of key and value");
      }
      out.add(first ? "" : "&");
      first = false;
      quote(out, Printing.string(budget, pair.get(0)), true);
      out.add("=");
      quote(out, Printing.string(budget, pair.get(1)), true);
    }
    return out.text();
  }

  private static void quote(TextBuilder out, Text text, boolean query) {
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      boolean plain =
          point < 128
              && (Character.isLetterOrDigit(point)
                  || "_.-~".indexOf(point) >= 0
                  || (point == '/' && !query));
      if (plain) {
        out.addRaw(text.raw(i));
      } else if (point == ' ' && query) {
        out.add("+");
      } else if (point >= 0xd800 && point <= 0xdfff) {
        throw TemplateException.runtime("a lone surrogate cannot be encoded");
      } else {
        for (byte b : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
          out.add("%" + Character.toUpperCase(Character.forDigit(b >> 4 & 15, 16)));
          out.addRaw(Character.toUpperCase(Character.forDigit(b & 15, 16)));
        }
      }
    }
  }

  /** Without tags and comments, entities resolved, white space as one space. */
  private static Text stripTags(Budget budget, Text text) {
    TextBuilder out = new TextBuilder(budget);
    Text rest = text.safe(false);
    int from = 0;
    Text commentBegin = Text.of("<!--");
    Text commentEnd = Text.of("-->");
    for (int at = rest.find(budget, commentBegin, 0, rest.length());
        at >= 0;
        at = rest.find(budget, commentBegin, from, rest.length())) {
      int end = rest.find(budget, commentEnd, at, rest.length());
      if (end < 0) {
        break;
      }
      out.add(rest, from, at);
      from = end + 3;
    }
    rest = out.add(rest, from, rest.length()).text();
    out = new TextBuilder(budget);
    from = 0;
    Text tagEnd = Text.of(">");
    for (int at = rest.find(budget, Text.of("<"), 0, rest.length());
        at >= 0;
        at = rest.find(budget, Text.of("<"), from, rest.length())) {
      int end = rest.find(budget, tagEnd, at, rest.length());
      if (end < 0) {
        break;
      }
      out.add(rest, from, at);
      from = end + 1;
    }
    rest = out.add(rest, from, rest.length()).text();
    out = new TextBuilder(budget);
    boolean space = false;
    for (int i = 0; i < rest.length(); i++) {
      if (Characters.isSpace(rest.at(i))) {
        space = out.length() > 0;
      } else {
        out.add(space ? " " : "").addRaw(rest.raw(i));
        space = false;
      }
    }
    return Entities.resolve(budget, out.text());
  }

  private static Value xmlAttributes(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("xmlattr", 0, "autospace");
    Budget budget = rendering.budget();
    if (!(input instanceof Dictionary dictionary)) {
      throw TemplateException.runtime("xmlattr needs a dictionary, found " + input.type());
    }
    TextBuilder out = new TextBuilder(budget);
    boolean space = bound[0] == null || Iteration.truth(bound[0]);
    for (Map.Entry<Key, Value> entry : dictionary.entries().entrySet()) {
      if (entry.getValue() == Value.None.NONE || entry.getValue() instanceof Undefined) {
        continue;
      }
      Text key = TextMethods.text(entry.getKey().value());
      for (int i = 0; i < key.length(); i++) {
        if (" \t\n\r\f\u000b/>=".indexOf(key.at(i)) >= 0) {
          throw TemplateException.runtime("Invalid character in attribute name");
        }
      }
      out.add(space ? " " : "");
      space = true;
      out.add(Markup.escape(budget, key)).add("=\"");
      out.add(Markup.escape(budget, entry.getValue())).add("\"");
    }
    return out.text();
  }
}
