package dev.mor4j.runtime.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers from texts, rounded, and what they have as attributes. */
final class Numbers {
  private Numbers() {}

  static Value attribute(Int number, String name) {
    return switch (name) {
      case "real", "numerator" -> number;
      case "imag" -> Int.ZERO;
      case "denominator" -> Int.ONE;
      case "bit_length" ->
          new Function(name, (r, arguments) -> Int.of(number.big().abs().bitLength()));
      case "conjugate" -> new Function(name, (r, arguments) -> number);
      default -> null;
    };
  }

  static Value attribute(Value.Real real, String name) {
    return switch (name) {
      case "real" -> real;
      case "imag" -> new Value.Real(0);
      case "is_integer" ->
          new Function(
              name,
              (r, arguments) ->
                  Value.Bool.of(
                      Double.isFinite(real.value()) && real.value() == Math.rint(real.value())));
      case "conjugate" -> new Function(name, (r, arguments) -> real);
      default -> null;
    };
  }

  private static String ascii(Text text) {
    StringBuilder ascii = new StringBuilder();
    int from = 0;
    int to = text.length();
    while (from < to && Characters.isSpace(text.at(from))) {
      from++;
    }
    while (from < to && Characters.isSpace(text.at(to - 1))) {
      to--;
    }
    for (int i = from; i < to; i++) {
      int point = text.at(i);
      int digit = Character.isDigit(point) ? Character.digit(point, 10) : -1;
      ascii.appendCodePoint(digit >= 0 ? '0' + digit : point);
    }
    return ascii.toString();
  }

  /** {@code int(text, radix)}, or null where the text is no such number. */
  static Int parseInt(Text text, long radix) {
    if ((radix != 0 && (radix < 2 || radix > 36)) || text.length() > 2 * Budget.MAX_DIGITS) {
      return null;
    }
    String digits = ascii(text).toLowerCase(Locale.ROOT);
    boolean negative = digits.startsWith("-");
    if (negative || digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    int used = (int) radix;
    String prefix = digits.length() > 1 ? digits.substring(0, 2) : "";
    int prefixed =
        switch (prefix) {
          case "0x" -> 16;
          case "0o" -> 8;
          case "0b" -> 2;
          default -> 0;
        };
    if (prefixed != 0 && (used == prefixed || used == 0)) {
      used = prefixed;
      digits = digits.substring(2);
      digits = digits.startsWith("_") ? digits.substring(1) : digits;
    } else if (used == 0) {
      used = 10;
      if (digits.matches("0[0_]*[1-9_].*")) {
        return null;
      }
    }
    if (!digits.matches("[0-9a-z]+(_[0-9a-z]+)*")) {
      return null;
    }
    digits = digits.replace("_", "");
    for (int i = 0; i < digits.length(); i++) {
      if (Character.digit(digits.charAt(i), used) < 0) {
        return null;
      }
    }
    if (digits.length() > Budget.MAX_DIGITS) {
      return null;
    }
    BigInteger value = new BigInteger(digits, used);
    return Int.of(negative ? value.negate() : value);
  }

  /** {@code float(text)}, or null where the text is no number. */
  static Double parseReal(Text text) {
    if (text.length() > 100_000) {
      return null;
    }
    String number = ascii(text).toLowerCase(Locale.ROOT);
    String unsigned =
        number.startsWith("-") || number.startsWith("+") ? number.substring(1) : number;
    return switch (unsigned) {
      case "inf", "infinity" ->
          number.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
      case "nan" -> Double.NaN;
      default -> {
        int at = digits(unsigned, 0);
        boolean any = at > 0;
        if (at < unsigned.length() && unsigned.charAt(at) == '.') {
          int after = digits(unsigned, at + 1);
          any |= after > at + 1;
          at = after;
        }
        if (any && at < unsigned.length() && unsigned.charAt(at) == 'e') {
          int sign = at + 1;
          if (sign < unsigned.length() && "+-".indexOf(unsigned.charAt(sign)) >= 0) {
            sign++;
          }
          int after = digits(unsigned, sign);
          at = after > sign ? after : at;
        }
        yield any && at == unsigned.length()
            ? Double.valueOf(Double.parseDouble(number.replace("_", "")))
            : null;
      }
    };
  }

  /** Where digits end that may have single underscores between them. */
  private static int digits(String text, int from) {
    int at = from;
    while (at < text.length()
        && (isDigit(text, at)
            || (at > from
                && text.charAt(at) == '_'
                && isDigit(text, at - 1)
                && isDigit(text, at + 1)))) {
      at++;
    }
    return at;
  }

  private static boolean isDigit(String text, int at) {
    return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
  }

  /** The integer that {@code value} is without what is behind the point. */
  static Int truncate(double value) {
    if (!Double.isFinite(value)) {
      throw TemplateException.runtime("cannot convert float infinity or NaN to integer");
    }
    return Int.of(new BigDecimal(value).toBigInteger());
  }

  /** Python's {@code round(value, digits)}: to even where two are as near. */
  static Value round(Value value, Value digits) {
    long places = Arithmetic.integer(digits).clamped();
    if (value instanceof Value.Real real) {
      double number = real.value();
      if (!Double.isFinite(number) || number == 0 || places > 323) {
        return real;
      }
      if (places < -309) {
        return new Value.Real(Math.copySign(0.0, number));
      }
      double rounded =
          new BigDecimal(number).setScale((int) places, RoundingMode.HALF_EVEN).doubleValue();
      if (Double.isInfinite(rounded)) {
        throw TemplateException.runtime("rounded value too large to represent");
      }
      return new Value.Real(rounded == 0 ? Math.copySign(0.0, number) : rounded);
    }
    Int integer = Arithmetic.integerOrNull(value);
    if (integer == null) {
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : TemplateException.runtime("type " + value.type() + " doesn't define __round__ method");
    }
    if (places >= 0) {
      return integer;
    }
    if (places < -2L * Budget.MAX_DIGITS) {
      return Int.ZERO;
    }
    return Int.of(
        new BigDecimal(integer.big())
            .setScale((int) places, RoundingMode.HALF_EVEN)
            .toBigInteger());
  }

  /** Jinja's {@code round} up or down. */
  static Value roundTowards(Value value, Value digits, boolean up) {
    long places = Arithmetic.integer(digits).clamped();
    if (places > 4000 || places < -4000) {
      throw TemplateException.limit("a number cannot be rounded to " + places + " digits");
    }
    if (value instanceof Int integer && places >= 0) {
      return new Value.Real(integer.real());
    }
    double factor = Math.pow(10, (double) places);
    double scaled = Arithmetic.real(value) * factor;
    Int whole = truncate(up ? Math.ceil(scaled) : Math.floor(scaled));
    return new Value.Real(whole.real() / factor);
  }
}
