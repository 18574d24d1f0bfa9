package dev.mor4j.runtime.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** {@code str.format}: values for what stands in braces. */
final class BraceFormat {
  private static final int MAX_DEPTH = 2;

  private final Rendering rendering;
  private final Arguments arguments;

  /** How many fields without a name came so far; -1 after one with a number. */
  private int automatic;

  private boolean numbered;

  private BraceFormat(Rendering rendering, Arguments arguments) {
    this.rendering = rendering;
    this.arguments = arguments;
  }

  static Value format(Rendering rendering, Text format, Arguments arguments) {
    return new BraceFormat(rendering, arguments).run(format, MAX_DEPTH).safe(format.isSafe());
  }

  static Value formatMap(Rendering rendering, Text format, Value values) {
    if (!(values instanceof Dictionary dictionary)) {
      throw TemplateException.runtime("format_map() needs a dictionary, found " + values.type());
    }
    Map<String, Value> named = new LinkedHashMap<>();
    rendering.budget().entries(dictionary.size());
    for (Map.Entry<Key, Value> entry : dictionary.entries().entrySet()) {
      if (entry.getKey().value() instanceof Text name) {
        named.put(name.toString(), entry.getValue());
      }
    }
    return format(rendering, format, new Arguments(java.util.List.of(), named));
  }

  private Text run(Text format, int depth) {
    if (depth < 0) {
      throw TemplateException.runtime("Max string recursion exceeded");
    }
    TextBuilder out = new TextBuilder(rendering.budget());
    for (int i = 0; i < format.length(); i++) {
      int point = format.at(i);
      boolean doubled = i + 1 < format.length() && format.at(i + 1) == point;
      if (point != '{' && point != '}') {
        out.addRaw(format.raw(i));
      } else if (doubled) {
        out.addRaw(format.raw(i));
        i++;
      } else if (point == '}') {
        throw TemplateException.runtime("Single '}' encountered in format string");
      } else {
        int end = close(format, i + 1);
        Text value = field(format.part(rendering.budget(), i + 1, end), depth);
        out.add(format.isSafe() ? Markup.escape(rendering.budget(), value) : value);
        i = end;
      }
    }
    return out.text();
  }

  private static int close(Text format, int from) {
    int open = 1;
    for (int i = from; i < format.length(); i++) {
      open += format.at(i) == '{' ? 1 : format.at(i) == '}' ? -1 : 0;
      if (open == 0) {
        return i;
      }
    }
    throw TemplateException.runtime("expected '}' before end of string");
  }

  private Text field(Text field, int depth) {
    Budget budget = rendering.budget();
    int nameEnd = 0;
    boolean bracket = false;
    while (nameEnd < field.length()
        && (bracket || (field.at(nameEnd) != '!' && field.at(nameEnd) != ':'))) {
      bracket = field.at(nameEnd) == '[' || (bracket && field.at(nameEnd) != ']');
      nameEnd++;
    }
    Value value = value(field.part(budget, 0, nameEnd).toString());
    int at = nameEnd;
    if (at < field.length() && field.at(at) == '!') {
      int conversion = at + 1 < field.length() ? field.at(at + 1) : 0;
      value =
          switch (conversion) {
            case 's' -> Printing.string(budget, value);
            case 'r', 'a' -> {
              TextBuilder out = new TextBuilder(budget);
              Printing.repr(budget, value, out);
              yield conversion == 'a' ? Escapes.ascii(budget, out.text()) : out.text();
            }
            default -> throw TemplateException.runtime("Unknown conversion specifier");
          };
      at += 2;
    }
    if (at < field.length() && field.at(at) != ':') {
      throw TemplateException.runtime("expected ':' after conversion specifier");
    }
    if (at + 1 >= field.length()) {
      return Printing.soft(budget, value);
    }
    Text spec = run(field.part(budget, at + 1, field.length()), depth - 1);
    return FormatSpec.parse(spec).apply(budget, value);
  }

  private Value value(String path) {
    int end = 0;
    while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
      end++;
    }
    String first = path.substring(0, end);
    boolean digits = !first.isEmpty() && first.chars().allMatch(c -> c >= '0' && c <= '9');
    Value value;
    if (first.isEmpty() || digits) {
      if (numbered != digits && (numbered || automatic > 0)) {
        throw TemplateException.runtime(
            "cannot switch between automatic field numbering and manual field specification");
      }
      numbered = digits;
      int index =
          digits
              ? (int)
                  Math.min(
                      Integer.MAX_VALUE, Long.parseLong(first.length() > 9 ? "999999999" : first))
              : automatic++;
      if (index >= arguments.positional().size()) {
        throw TemplateException.runtime(
            "Replacement index " + index + " out of range for positional args tuple");
      }
      value = arguments.positional().get(index);
    } else {
      value = arguments.named().get(first);
      if (value == null) {
        throw TemplateException.runtime("no value for the field '" + first + "'");
      }
    }
    return follow(value, path, end);
  }

  private Value follow(Value start, String path, int from) {
    Value value = start;
    int at = from;
    while (at < path.length()) {
      if (path.charAt(at) == '.') {
        int end = at + 1;
        while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
          end++;
        }
        value = Attributes.attribute(rendering, value, path.substring(at + 1, end));
        at = end;
      } else {
        int end = path.indexOf(']', at);
        if (path.charAt(at) != '[' || end < 0) {
          throw TemplateException.runtime("Missing ']' in format string");
        }
        String key = path.substring(at + 1, end);
        boolean digits = !key.isEmpty() && key.chars().allMatch(c -> c >= '0' && c <= '9');
        value =
            Attributes.item(
                rendering,
                value,
                digits && key.length() < 10 ? Int.of(Long.parseLong(key)) : Text.of(key));
        at = end + 1;
      }
    }
    return value;
  }
}
