package dev.mor4j.runtime.template;

import java.math.BigInteger;
import java.util.Map;

/** Filters that give numbers, or show them. */
final class NumberFilters {
  private static final String DECIMAL = "kMGTPEZY";

  private NumberFilters() {}

  static void addTo(Map<String, Filters.Filter> filters) {
    filters.put("abs", (r, v, a) -> absolute(v));
    filters.put("int", (r, v, a) -> integer(v, a.bind("int", 0, "default", "base")));
    filters.put("float", (r, v, a) -> real(v, a.bind("float", 0, "default")));
    filters.put("round", (r, v, a) -> round(r, v, a.bind("round", 0, "precision", "method")));
    filters.put("filesizeformat", (r, v, a) -> fileSize(v, a.bind("filesizeformat", 0, "binary")));
  }

  private static Value absolute(Value value) {
    if (value instanceof Value.Real real) {
      return new Value.Real(Math.abs(real.value()));
    }
    Int integer = Arithmetic.integerOrNull(value);
    if (integer == null) {
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : TemplateException.runtime("bad operand type for abs(): '" + value.type() + "'");
    }
    return Int.of(integer.big().abs());
  }

  private static Value integer(Value value, Value[] bound) {
    Value missing = bound[0] == null ? Int.ZERO : bound[0];
    return switch (value) {
      case Text text -> {
        long radix = bound[1] == null ? 10 : Arithmetic.integer(bound[1]).clamped();
        Int integer = Numbers.parseInt(text, radix);
        Double real = integer == null ? Numbers.parseReal(text) : null;
        yield integer != null
            ? integer
            : real == null || !Double.isFinite(real) ? missing : Numbers.truncate(real);
      }
      case Value.Real real ->
          Double.isFinite(real.value()) ? Numbers.truncate(real.value()) : missing;
      case Undefined undefined -> throw undefined.failure();
      default -> {
        Int integer = Arithmetic.integerOrNull(value);
        yield integer == null ? missing : integer;
      }
    };
  }

  private static Value real(Value value, Value[] bound) {
    Value missing = bound[0] == null ? new Value.Real(0) : bound[0];
    return switch (value) {
      case Text text -> {
        Double real = Numbers.parseReal(text);
        yield real == null ? missing : new Value.Real(real);
      }
      case Value.Real real -> real;
      case Undefined undefined -> throw undefined.failure();
      default -> {
        Int integer = Arithmetic.integerOrNull(value);
        yield integer == null ? missing : new Value.Real(integer.real());
      }
    };
  }

  private static Value round(Rendering rendering, Value value, Value[] bound) {
    Value places = bound[0] == null ? Int.ZERO : bound[0];
    String method =
        bound[1] == null ? "common" : Printing.string(rendering.budget(), bound[1]).toString();
    return switch (method) {
      case "common" -> Numbers.round(value, places);
      case "ceil" -> Numbers.roundTowards(value, places, true);
      case "floor" -> Numbers.roundTowards(value, places, false);
      default -> throw TemplateException.runtime("method must be common, ceil or floor");
    };
  }

  private static Value fileSize(Value value, Value[] bound) {
    double bytes;
    if (value instanceof Text text) {
      Double parsed = Numbers.parseReal(text);
      if (parsed == null) {
        throw TemplateException.runtime("could not convert string to float");
      }
      bytes = parsed;
    } else {
      bytes = Arithmetic.real(value);
    }
    boolean binary = bound[0] != null && Iteration.truth(bound[0]);
    int base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return Text.of("1 Byte");
    }
    if (bytes < base) {
      return Text.of(Numbers.truncate(bytes).decimal() + " Bytes");
    }
    BigInteger unit = BigInteger.valueOf(base);
    for (int i = 0; ; i++) {
      unit = unit.multiply(BigInteger.valueOf(base));
      if (bytes < unit.doubleValue() || i == DECIMAL.length() - 1) {
        String prefix =
            binary ? Character.toUpperCase(DECIMAL.charAt(i)) + "iB" : DECIMAL.charAt(i) + "B";
        return Text.of(FormatSpec.fixed(base * bytes / unit.doubleValue(), 1) + " " + prefix);
      }
    }
  }
}
