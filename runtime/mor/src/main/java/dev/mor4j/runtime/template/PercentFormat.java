package dev.mor4j.runtime.template;

import java.util.List;
import java.util.Locale;

/** {@code text % values}: values for what stands behind percent signs. */
final class PercentFormat {
  private final Budget budget;
  private final Text format;
  private final Value given;
  private final List<Value> values;
  private final TextBuilder out;
  private int used;
  private int at;

  private PercentFormat(Budget budget, Text format, Value given) {
    this.budget = budget;
    this.format = format;
    this.given = given;
    this.values =
        given instanceof Sequence tuple && tuple.isTuple() ? tuple.items() : List.of(given);
    this.out = new TextBuilder(budget);
  }

  static Text format(Budget budget, Text format, Value given) {
    return new PercentFormat(budget, format, given).run();
  }

  private Text run() {
    boolean named = false;
    while (at < format.length()) {
      if (format.at(at) != '%') {
        out.addRaw(format.raw(at++));
        continue;
      }
      at++;
      if (peek() == '(') {
        named = true;
      }
      conversion();
    }
    if (used < values.size() && !named && !hasItems()) {
      throw TemplateException.runtime("not all arguments converted during string formatting");
    }
    return out.text().safe(format.isSafe());
  }

  /** Whether Python takes the one value for a mapping, of which any part may stay unused. */
  private boolean hasItems() {
    return given instanceof Dictionary
        || (given instanceof Sequence sequence && !sequence.isTuple())
        || given instanceof Range
        || given instanceof Undefined;
  }

  private int peek() {
    return at < format.length() ? format.at(at) : 0;
  }

  private Value next() {
    if (used >= values.size()) {
      throw TemplateException.runtime("not enough arguments for format string");
    }
    return values.get(used++);
  }

  private long number() {
    if (peek() == '*') {
      at++;
      return Arithmetic.integer(next()).clamped();
    }
    long value = 0;
    while (peek() >= '0' && peek() <= '9') {
      value = value * 10 + format.at(at++) - '0';
      if (value > Integer.MAX_VALUE) {
        throw TemplateException.limit("a format has a number that is too large");
      }
    }
    return value;
  }

  private void conversion() {
    Value value = null;
    if (peek() == '(') {
      int end = at;
      while (end < format.length() && format.at(end) != ')') {
        end++;
      }
      if (!(given instanceof Dictionary dictionary) || end == format.length()) {
        throw TemplateException.runtime("format requires a mapping");
      }
      value = dictionary.get(budget, format.part(budget, at + 1, end));
      if (value == null) {
        throw TemplateException.runtime("a format names a key that is not there");
      }
      at = end + 1;
    }
    StringBuilder flags = new StringBuilder();
    while (peek() != 0 && "-+ 0#".indexOf(peek()) >= 0) {
      flags.append((char) format.at(at++));
    }
    long width = number();
    if (width < 0) {
      flags.append('-');
      width = -width;
    }
    long precision = -1;
    if (peek() == '.') {
      at++;
      precision = Math.max(0, number());
    }
    while (peek() != 0 && "hlL".indexOf(peek()) >= 0) {
      at++;
    }
    if (at >= format.length()) {
      throw TemplateException.runtime("incomplete format");
    }
    int type = format.at(at++);
    if (type == '%' && (value != null || !flags.isEmpty() || width > 0 || precision >= 0)) {
      throw TemplateException.runtime("unsupported format character '%'");
    }
    if (type == '%') {
      out.add("%");
      return;
    }
    write(value != null ? value : next(), type, flags.toString(), width, precision);
  }

  private void write(Value value, int type, String flags, long width, long precision) {
    Text sign = Text.EMPTY;
    Text body;
    boolean number = false;
    switch (type) {
      case 's', 'r', 'a' -> {
        Text text;
        if (type == 's') {
          text = format.isSafe() ? Markup.escape(budget, value) : Printing.soft(budget, value);
        } else {
          TextBuilder repr = new TextBuilder(budget);
          Printing.repr(budget, value, repr);
          text = type == 'a' ? Escapes.ascii(budget, repr.text()) : repr.text();
        }
        body =
            precision >= 0 && precision < text.length()
                ? text.part(budget, 0, (int) precision)
                : text;
      }
      case 'c' -> {
        body =
            value instanceof Text text && text.length() == 1
                ? text
                : FormatSpec.parse(Text.of("c")).apply(budget, Arithmetic.integer(value));
      }
      default -> {
        number = true;
        String digits = digits(value, type, flags, precision);
        boolean negative = digits.startsWith("-");
        body = Text.of(negative ? digits.substring(1) : digits);
        String prefix =
            flags.indexOf('#') >= 0 && "xXo".indexOf(type) >= 0 ? "0" + (char) type : "";
        sign =
            Text.of(
                (negative
                        ? "-"
                        : flags.indexOf('+') >= 0 ? "+" : flags.indexOf(' ') >= 0 ? " " : "")
                    + prefix);
      }
    }
    long missing = width - sign.length() - body.length();
    boolean left = flags.indexOf('-') >= 0;
    boolean zeros = !left && number && flags.indexOf('0') >= 0;
    if (!left && !zeros) {
      out.addRepeated(' ', missing);
    }
    out.add(sign);
    if (zeros) {
      out.addRepeated('0', missing);
    }
    out.add(body);
    if (left) {
      out.addRepeated(' ', missing);
    }
  }

  private String digits(Value value, int type, String flags, long precision) {
    if (!Comparison.isNumber(value)) {
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : TemplateException.runtime(
              "%"
                  + Character.toString(type)
                  + " format: a number is required, not "
                  + value.type());
    }
    if (precision > 5000) {
      throw TemplateException.limit("a format has a precision that is too large");
    }
    int places = precision < 0 ? 6 : (int) precision;
    return switch (type) {
      case 'd', 'i', 'u' -> {
        Int integer =
            value instanceof Value.Real real
                ? Numbers.truncate(real.value())
                : Arithmetic.integer(value);
        yield zeroed(integer.decimal(), precision);
      }
      case 'x' -> zeroed(Arithmetic.integer(value).big().toString(16), precision);
      case 'X' ->
          zeroed(Arithmetic.integer(value).big().toString(16).toUpperCase(Locale.ROOT), precision);
      case 'o' -> zeroed(Arithmetic.integer(value).big().toString(8), precision);
      default -> {
        double number = Arithmetic.real(value);
        String digits =
            switch (Character.toLowerCase(type)) {
              case 'f' -> FormatSpec.fixed(number, places);
              case 'e' -> FormatSpec.exponent(number, places);
              case 'g' ->
                  (number < 0 ? "-" : "")
                      + FormatSpec.general(
                          Math.abs(number), Math.max(1, places), flags.indexOf('#') >= 0, false);
              default ->
                  throw TemplateException.runtime(
                      "unsupported format character '" + Character.toString(type) + "'");
            };
        digits = flags.indexOf('#') >= 0 ? FormatSpec.pointed(digits) : digits;
        if (1 / number < 0 && !digits.startsWith("-")) {
          digits = "-" + digits;
        }
        yield Character.isUpperCase(type) ? digits.toUpperCase(Locale.ROOT) : digits;
      }
    };
  }

  private static String zeroed(String digits, long precision) {
    boolean negative = digits.startsWith("-");
    String plain = negative ? digits.substring(1) : digits;
    return (negative ? "-" : "")
        + "0".repeat((int) Math.max(0, precision - plain.length()))
        + plain;
  }
}
