package dev.mor4j.runtime.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Python's mini language for the form of one value: fill, sign, width, precision, type. */
final class FormatSpec {
  private int fill = ' ';
  private char align;
  private char sign;
  private boolean alternate;

  /** Whether zeros fill between sign and digits, unless it is a text. */
  private boolean zeros;

  private long width;
  private char grouping;
  private long precision = -1;
  private char type;

  private FormatSpec() {}

  static FormatSpec parse(Text spec) {
    FormatSpec parsed = new FormatSpec();
    int at = 0;
    int length = spec.length();
    boolean filled = length > 1 && "<>=^".indexOf(spec.at(1)) >= 0;
    if (filled) {
      parsed.fill = spec.raw(0);
      parsed.align = (char) spec.at(1);
      at = 2;
    } else if (length > 0 && "<>=^".indexOf(spec.at(0)) >= 0) {
      parsed.align = (char) spec.at(0);
      at = 1;
    }
    if (at < length && "+- ".indexOf(spec.at(at)) >= 0) {
      parsed.sign = (char) spec.at(at++);
    }
    if (at < length && spec.at(at) == '#') {
      parsed.alternate = true;
      at++;
    }
    if (at < length && spec.at(at) == '0') {
      if (!filled) {
        parsed.fill = '0';
        parsed.zeros = parsed.align == 0;
      }
      at++;
    }
    int[] position = {at};
    parsed.width = Math.max(0, number(spec, position));
    at = position[0];
    if (at < length && (spec.at(at) == ',' || spec.at(at) == '_')) {
      parsed.grouping = (char) spec.at(at++);
    }
    if (at < length && spec.at(at) == '.') {
      position[0] = at + 1;
      parsed.precision = number(spec, position);
      at = position[0];
      if (parsed.precision < 0) {
        throw TemplateException.runtime("Format specifier missing precision");
      }
    }
    if (at < length) {
      parsed.type = (char) spec.at(at++);
    }
    boolean grouped = parsed.type == 0 || "deEfFgG%".indexOf(parsed.type) >= 0;
    if (parsed.grouping != 0 && !grouped && !parsed.groupsByFour()) {
      throw TemplateException.runtime(
          "Cannot specify '" + parsed.grouping + "' with '" + parsed.type + "'.");
    }
    if (at < length) {
      throw TemplateException.runtime("Invalid format specifier");
    }
    return parsed;
  }

  private static long number(Text spec, int[] position) {
    long value = -1;
    while (position[0] < spec.length()
        && spec.at(position[0]) >= '0'
        && spec.at(position[0]) <= '9') {
      value = Math.max(0, value) * 10 + spec.at(position[0]++) - '0';
      if (value > Integer.MAX_VALUE) {
        throw TemplateException.limit("a format has a number that is too large");
      }
    }
    return value;
  }

  Text apply(Budget budget, Value value) {
    if (value instanceof Value.Real real) {
      return number(budget, real(real.value()), real.value() < 0 || 1 / real.value() < 0);
    }
    Int integer = Arithmetic.integerOrNull(value);
    if (integer != null && !(value instanceof Value.Bool && type == 0)) {
      if (type != 0 && "eEfFgG%".indexOf(type) >= 0) {
        return number(budget, real(integer.real()), integer.signum() < 0);
      }
      return number(budget, integer(integer), integer.signum() < 0);
    }
    Text text = Printing.soft(budget, value);
    if (!(value instanceof Text) && !(value instanceof Value.Bool) && !isPlain()) {
      throw TemplateException.runtime(
          "unsupported format string passed to " + value.type() + ".__format__");
    }
    if (type != 0 && type != 's') {
      throw TemplateException.runtime(
          "Unknown format code '" + type + "' for object of type 'str'");
    }
    if (sign != 0 || alternate || grouping != 0) {
      throw TemplateException.runtime(
          "sign, '#', ',' and '_' are not allowed in string format specifier");
    }
    if (align == '=') {
      throw TemplateException.runtime("'=' alignment not allowed in string format specifier");
    }
    Text cut =
        precision >= 0 && precision < text.length() ? text.part(budget, 0, (int) precision) : text;
    return padded(budget, Text.EMPTY, cut, '<');
  }

  private boolean isPlain() {
    return align == 0 && !zeros && width == 0 && precision < 0 && type == 0 && grouping == 0;
  }

  private Text padded(Budget budget, Text sign, Text body, char usual) {
    long missing = width - sign.length() - body.length();
    char where = align == 0 ? usual : align;
    TextBuilder out = new TextBuilder(budget);
    long left = where == '>' ? missing : where == '^' ? missing / 2 : 0;
    out.addRepeated(fill, left).add(sign);
    if (where == '=') {
      out.addRepeated(fill, missing);
    }
    out.add(body);
    if (where == '<' || where == '^') {
      out.addRepeated(fill, missing - left);
    }
    return out.text();
  }

  private Text number(Budget budget, String digits, boolean negative) {
    String prefix = negative ? "-" : sign == 0 || sign == '-' ? "" : String.valueOf(sign);
    if (alternate && (type == 'x' || type == 'X' || type == 'o' || type == 'b')) {
      prefix += "0" + type;
    }
    String grouped = grouping == 0 ? digits : group(digits, prefix.length());
    return padded(budget, Text.of(prefix), Text.of(grouped), zeros ? '=' : '>');
  }

  private boolean groupsByFour() {
    return grouping == '_' && type != 0 && "xXob".indexOf(type) >= 0;
  }

  private String group(String digits, int prefix) {
    int size = groupsByFour() ? 4 : 3;
    int end = 0;
    while (end < digits.length() && Character.digit(digits.charAt(end), 16) >= 0) {
      if (size == 3 && !Character.isDigit(digits.charAt(end))) {
        break;
      }
      end++;
    }
    String whole = digits.substring(0, end);
    if (fill == '0' && (zeros || align == '=')) {
      // Zeros that fill are grouped, too.
      long room = Math.min(width, 10_000) - prefix - (digits.length() - end);
      StringBuilder filled = new StringBuilder(whole);
      while (filled.length() + (filled.length() - 1) / size < room) {
        filled.insert(0, '0');
        if (filled.length() + (filled.length() - 1) / size > room) {
          break;
        }
      }
      whole = filled.toString();
    }
    StringBuilder grouped = new StringBuilder();
    for (int i = 0; i < whole.length(); i++) {
      if (i > 0 && (whole.length() - i) % size == 0) {
        grouped.append(grouping);
      }
      grouped.append(whole.charAt(i));
    }
    return grouped + digits.substring(end);
  }

  private String integer(Int value) {
    if (precision >= 0) {
      throw TemplateException.runtime("Precision not allowed in integer format specifier");
    }
    return switch (type) {
      case 0, 'd', 'n' -> Int.of(value.big().abs()).decimal();
      case 'x' -> value.big().abs().toString(16);
      case 'X' -> value.big().abs().toString(16).toUpperCase(Locale.ROOT);
      case 'o' -> value.big().abs().toString(8);
      case 'b' -> value.big().abs().toString(2);
      case 'c' -> {
        if (sign != 0 || alternate) {
          throw TemplateException.runtime(
              "Sign and '#' are not allowed with integer format specifier 'c'");
        }
        if (value.clamped() < 0 || value.clamped() > Character.MAX_CODE_POINT) {
          throw TemplateException.runtime("%c arg not in range(0x110000)");
        }
        yield Character.toString((int) value.clamped());
      }
      default ->
          throw TemplateException.runtime(
              "Unknown format code '" + type + "' for object of type 'int'");
    };
  }

  private String real(double value) {
    double number = Math.abs(value);
    int places = (int) Math.min(precision < 0 ? 6 : precision, 5000);
    if (precision > 5000) {
      throw TemplateException.limit("a format has a precision that is too large");
    }
    String digits = real(number, places);
    return alternate ? pointed(digits) : digits;
  }

  private String real(double number, int places) {
    return switch (type) {
      case 0 ->
          precision < 0
              ? Printing.real(number)
              : general(number, Math.max(1, places), alternate, true);
      case 'f', 'F' -> fixed(number, places);
      case '%' ->
          Double.isFinite(number) ? fixed(number * 100, places) + "%" : fixed(number, 0) + "%";
      case 'e' -> exponent(number, places);
      case 'E' -> exponent(number, places).toUpperCase(Locale.ROOT);
      case 'g', 'n' -> general(number, Math.max(1, places), alternate, false);
      case 'G' -> general(number, Math.max(1, places), alternate, false).toUpperCase(Locale.ROOT);
      default ->
          throw TemplateException.runtime(
              "Unknown format code '" + type + "' for object of type 'float'");
    };
  }

  /** Digits with a point behind the whole part, whether or not any others follow. */
  static String pointed(String digits) {
    int whole = digits.startsWith("-") ? 1 : 0;
    while (whole < digits.length() && Character.isDigit(digits.charAt(whole))) {
      whole++;
    }
    boolean finite = whole > 0 && Character.isDigit(digits.charAt(whole - 1));
    return !finite || (whole < digits.length() && digits.charAt(whole) == '.')
        ? digits
        : digits.substring(0, whole) + "." + digits.substring(whole);
  }

  static String fixed(double value, int places) {
    if (!Double.isFinite(value)) {
      return Printing.real(value);
    }
    return new BigDecimal(value).setScale(places, RoundingMode.HALF_EVEN).toPlainString();
  }

  static String exponent(double value, int places) {
    if (!Double.isFinite(value)) {
      return Printing.real(value);
    }
    BigDecimal rounded =
        new BigDecimal(value).round(new MathContext(places + 1, RoundingMode.HALF_EVEN));
    int exponent = value == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    String digits = rounded.unscaledValue().abs().toString();
    digits = digits + "0".repeat(Math.max(0, places + 1 - digits.length()));
    return (value < 0 ? "-" : "")
        + digits.charAt(0)
        + (places > 0 ? "." + digits.substring(1, places + 1) : "")
        + (exponent < 0 ? "e-" : "e+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  /** The form {@code g}; {@code point}: with a point in any case, as without a type. */
  static String general(double value, int digits, boolean zeros, boolean point) {
    if (!Double.isFinite(value)) {
      return Printing.real(value);
    }
    BigDecimal rounded =
        new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_EVEN));
    int exponent = value == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    if (exponent < -4 || exponent >= (point ? digits - 1 : digits)) {
      String text = exponent(value, digits - 1);
      int e = text.indexOf('e');
      return (zeros ? text.substring(0, e) : trimmed(text.substring(0, e))) + text.substring(e);
    }
    String text = fixed(value, Math.max(0, digits - 1 - exponent));
    text = zeros ? text : trimmed(text);
    return point && text.indexOf('.') < 0 ? text + ".0" : text;
  }

  private static String trimmed(String text) {
    if (text.indexOf('.') < 0) {
      return text;
    }
    int end = text.length();
    while (text.charAt(end - 1) == '0') {
      end--;
    }
    return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
  }
}
