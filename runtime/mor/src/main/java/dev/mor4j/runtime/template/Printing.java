package dev.mor4j.runtime.template;

import java.math.BigDecimal;
import java.util.Map;

/** Values as Python's {@code str} and {@code repr} print them. */
final class Printing {
  private Printing() {}

  /** {@code str(value)}. */
  static Text string(Budget budget, Value value) {
    if (value instanceof Text text) {
      return text.safe(false);
    }
    TextBuilder out = new TextBuilder(budget);
    print(budget, value, out);
    return out.text();
  }

  /** {@code str(value)}, but safe markup stays what it is. */
  static Text soft(Budget budget, Value value) {
    return value instanceof Text text ? text : string(budget, value);
  }

  static void print(Budget budget, Value value, TextBuilder out) {
    if (value instanceof Text text) {
      out.add(text);
    } else if (!(value instanceof Undefined)) {
      repr(budget, value, out);
    }
  }

  static void repr(Budget budget, Value value, TextBuilder out) {
    budget.step();
    switch (value) {
      case Value.None ignored -> out.add("None");
      case Value.Bool flag -> out.add(flag == Value.Bool.TRUE ? "True" : "False");
      case Int number -> out.add(number.decimal());
      case Value.Real real -> out.add(real(real.value()));
      case Text text -> {
        if (text.isSafe()) {
          out.add("Markup(");
          quoted(text, out);
          out.add(")");
        } else {
          quoted(text, out);
        }
      }
      case Sequence sequence -> {
        budget.enter();
        out.add(sequence.isTuple() ? "(" : "[");
        for (int i = 0; i < sequence.size(); i++) {
          out.add(i == 0 ? "" : ", ");
          repr(budget, sequence.items().get(i), out);
        }
        out.add(sequence.isTuple() ? sequence.size() == 1 ? ",)" : ")" : "]");
        budget.leave();
      }
      case Dictionary dictionary -> dictionary(budget, dictionary, out);
      case DictionaryView view -> {
        out.add(view.type()).add("(");
        repr(budget, Sequence.list(Iteration.list(budget, view)), out);
        out.add(")");
      }
      case Range range -> {
        out.add("range(" + range.start() + ", " + range.stop());
        out.add(range.step() == 1 ? ")" : ", " + range.step() + ")");
      }
      case Undefined ignored -> out.add("Undefined");
      case Namespace namespace -> namespace(budget, namespace, out);
      case Loop loop -> out.add(loop.description());
      case Macro macro -> {
        out.add("<Macro ");
        quoted(Text.of(macro.signature().name()), out);
        out.add(">");
      }
      case Function function -> out.add("<function ").add(Text.of(function.name())).add(">");
      case Generator ignored -> out.add("<generator object>");
      case Cycler ignored -> out.add("<Cycler object>");
      case Joiner ignored -> out.add("<Joiner object>");
    }
  }

  private static void dictionary(Budget budget, Dictionary dictionary, TextBuilder out) {
    budget.enter();
    out.add("{");
    boolean first = true;
    for (Map.Entry<Key, Value> entry : dictionary.entries().entrySet()) {
      out.add(first ? "" : ", ");
      first = false;
      repr(budget, entry.getKey().value(), out);
      out.add(": ");
      repr(budget, entry.getValue(), out);
    }
    out.add("}");
    budget.leave();
  }

  private static void namespace(Budget budget, Namespace namespace, TextBuilder out) {
    budget.enter();
    out.add("<Namespace {");
    boolean first = true;
    for (Map.Entry<String, Value> entry : namespace.attributes().entrySet()) {
      out.add(first ? "" : ", ");
      first = false;
      quoted(Text.of(entry.getKey()), out);
      out.add(": ");
      repr(budget, entry.getValue(), out);
    }
    out.add("}>");
    budget.leave();
  }

  private static void quoted(Text text, TextBuilder out) {
    boolean single = false;
    boolean twice = false;
    for (int i = 0; i < text.length(); i++) {
      single |= text.at(i) == '\'';
      twice |= text.at(i) == '"';
    }
    int quote = single && !twice ? '"' : '\'';
    out.addRaw(quote);
    for (int i = 0; i < text.length(); i++) {
      int point = text.at(i);
      if (point == quote || point == '\\') {
        out.add("\\").addRaw(text.raw(i));
      } else if (point == '\n') {
        out.add("\\n");
      } else if (point == '\r') {
        out.add("\\r");
      } else if (point == '\t') {
        out.add("\\t");
      } else if (Characters.isPrintable(point)) {
        out.addRaw(text.raw(i));
      } else {
        out.add(escaped(point));
      }
    }
    out.addRaw(quote);
  }

  private static String escaped(int point) {
    return point < 0x100
        ? hex("\\x", 2, point)
        : point < 0x10000 ? hex("\\u", 4, point) : hex("\\U", 8, point);
  }

  static String hex(String prefix, int digits, int point) {
    String hex = Integer.toHexString(point);
    return prefix + "0".repeat(digits - hex.length()) + hex;
  }

  /** The shortest decimal that is this number, in Python's form. */
  static String real(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal decimal = new BigDecimal(Double.toString(Math.abs(value))).stripTrailingZeros();
    String digits = decimal.unscaledValue().toString();
    int point = digits.length() - decimal.scale();
    String sign = value < 0 ? "-" : "";
    if (point > 16 || point < -3) {
      int exponent = point - 1;
      return sign
          + digits.charAt(0)
          + (digits.length() > 1 ? "." + digits.substring(1) : "")
          + (exponent < 0 ? "e-" : "e+")
          + (Math.abs(exponent) < 10 ? "0" : "")
          + Math.abs(exponent);
    }
    if (point <= 0) {
      return sign + "0." + "0".repeat(-point) + digits;
    }
    return digits.length() <= point
        ? sign + digits + "0".repeat(point - digits.length()) + ".0"
        : sign + digits.substring(0, point) + "." + digits.substring(point);
  }
}
