package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Values as JSON, the way Python's {@code json.dumps} writes it. */
final class JsonText {
  /**
   * How to write.
   *
   * @param indent what each level is indented by, or null for one line
   */
  record Form(boolean ascii, Text indent, Text itemSeparator, Text keySeparator, boolean sorted) {}

  private final Budget budget;
  private final Form form;
  private final TextBuilder out;

  private JsonText(Budget budget, Form form) {
    this.budget = budget;
    this.form = form;
    this.out = new TextBuilder(budget);
  }

  static Text write(Budget budget, Value value, Form form) {
    JsonText json = new JsonText(budget, form);
    json.write(value, 0);
    return json.out.text();
  }

  private void write(Value value, int level) {
    budget.step();
    switch (value) {
      case Value.None ignored -> out.add("null");
      case Value.Bool flag -> out.add(flag == Value.Bool.TRUE ? "true" : "false");
      case Int number -> out.add(number.decimal());
      case Value.Real real -> out.add(real(real.value()));
      case Text text -> quoted(text);
      case Sequence sequence -> {
        if (sequence.size() == 0) {
          out.add("[]");
          return;
        }
        budget.enter();
        out.add("[");
        for (int i = 0; i < sequence.size(); i++) {
          between(i, level + 1);
          write(sequence.items().get(i), level + 1);
        }
        end(level);
        out.add("]");
        budget.leave();
      }
      case Dictionary dictionary -> dictionary(dictionary, level);
      default ->
          throw TemplateException.runtime(
              "Object of type " + value.type() + " is not JSON serializable");
    }
  }

  private static String real(double value) {
    return Double.isNaN(value)
        ? "NaN"
        : Double.isInfinite(value) ? value > 0 ? "Infinity" : "-Infinity" : Printing.real(value);
  }

  private void between(int index, int level) {
    if (index > 0) {
      out.add(form.itemSeparator());
    }
    line(level);
  }

  private void end(int level) {
    line(level);
  }

  private void line(int level) {
    if (form.indent() != null) {
      out.add("\n");
      for (int i = 0; i < level; i++) {
        out.add(form.indent());
      }
    }
  }

  private void dictionary(Dictionary dictionary, int level) {
    if (dictionary.size() == 0) {
      out.add("{}");
      return;
    }
    budget.enter();
    List<Map.Entry<Key, Value>> entries = new ArrayList<>(dictionary.entries().entrySet());
    budget.list(entries.size());
    if (form.sorted()) {
      entries.sort(
          (a, b) -> Comparison.compare(budget, "<", a.getKey().value(), b.getKey().value()));
    }
    out.add("{");
    for (int i = 0; i < entries.size(); i++) {
      between(i, level + 1);
      Value key = entries.get(i).getKey().value();
      switch (key) {
        case Text text -> quoted(text);
        case Value.None ignored -> out.add("\"null\"");
        case Value.Bool flag -> out.add(flag == Value.Bool.TRUE ? "\"true\"" : "\"false\"");
        case Int number -> out.add("\"" + number.decimal() + "\"");
        case Value.Real real -> out.add("\"" + real(real.value()) + "\"");
        default ->
            throw TemplateException.runtime(
                "keys must be str, int, float, bool or None, not " + key.type());
      }
      out.add(form.keySeparator());
      write(entries.get(i).getValue(), level + 1);
    }
    end(level);
    out.add("}");
    budget.leave();
  }

  private void quoted(Text text) {
    out.add("\"");
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      switch (point) {
        case '"' -> out.add("\\").addRaw(text.raw(i));
        case '\\' -> out.add("\\").addRaw(text.raw(i));
        case '\n' -> out.add("\\n");
        case '\r' -> out.add("\\r");
        case '\t' -> out.add("\\t");
        case '\f' -> out.add("\\f");
        case '\b' -> out.add("\\b");
        default -> {
          if (point < 0x20 || (form.ascii() && point >= 0x7f)) {
            for (char c : Character.toChars(point)) {
              out.add(Printing.hex("\\u", 4, c));
            }
          } else {
            out.addRaw(text.raw(i));
          }
        }
      }
    }
    out.add("\"");
  }
}
