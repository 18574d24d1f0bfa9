package dev.mor4j.runtime.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Operators on numbers, texts and lists, as Python has them. */
final class Arithmetic {
  private Arithmetic() {}

  /** An integer or a truth value as an integer, otherwise null. */
  static Int integerOrNull(Value value) {
    return switch (value) {
      case Int number -> number;
      case Value.Bool flag -> Int.of(flag.number());
      default -> null;
    };
  }

  static Int integer(Value value) {
    Int integer = integerOrNull(value);
    if (integer == null) {
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : TemplateException.runtime(
              "'" + value.type() + "' object cannot be interpreted as an integer");
    }
    return integer;
  }

  /** A number in floating point. */
  static double real(Value value) {
    return value instanceof Value.Real real ? real.value() : integer(value).real();
  }

  static Value signed(Value value, boolean negative) {
    if (value instanceof Value.Real real) {
      return negative ? new Value.Real(-real.value()) : real;
    }
    Int integer = integerOrNull(value);
    if (integer == null) {
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : TemplateException.runtime(
              "bad operand type for unary " + (negative ? "-" : "+") + ": '" + value.type() + "'");
    }
    return negative ? Int.of(integer.big().negate()) : integer;
  }

  static Value binary(Rendering rendering, String operator, Value left, Value right) {
    Budget budget = rendering.budget();
    if (Comparison.isNumber(left) && Comparison.isNumber(right)) {
      return left instanceof Value.Real || right instanceof Value.Real
          ? reals(operator, real(left), real(right))
          : integers(budget, operator, integer(left), integer(right));
    }
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (left instanceof Text text && operator.equals("%")) {
      return PercentFormat.format(budget, text, right);
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Value result =
        switch (operator) {
          case "+" -> sum(budget, left, right);
          case "*" -> times(budget, left, right);
          default -> null;
        };
    if (result == null) {
      throw TemplateException.runtime(
          "unsupported operand type(s) for "
              + operator
              + ": '"
              + left.type()
              + "' and '"
              + right.type()
              + "'");
    }
    return result;
  }

  private static Value sum(Budget budget, Value left, Value right) {
    if (left instanceof Text a && right instanceof Text b) {
      if (a.isSafe() != b.isSafe()) {
        return Markup.escape(budget, a).plus(budget, Markup.escape(budget, b));
      }
      return a.plus(budget, b);
    }
    if (left instanceof Sequence a && right instanceof Sequence b && a.isTuple() == b.isTuple()) {
      budget.list((long) a.size() + b.size());
      List<Value> items = new ArrayList<>(a.size() + b.size());
      items.addAll(a.items());
      items.addAll(b.items());
      return new Sequence(items, a.isTuple() ? Sequence.Form.TUPLE : Sequence.Form.LIST);
    }
    return null;
  }

  private static Value times(Budget budget, Value left, Value right) {
    if (!(left instanceof Text) && !(left instanceof Sequence)) {
      return integerOrNull(left) != null && (right instanceof Text || right instanceof Sequence)
          ? times(budget, right, left)
          : null;
    }
    Int count = integerOrNull(right);
    if (count == null) {
      return null;
    }
    if (left instanceof Text text) {
      return text.times(budget, count.clamped());
    }
    Sequence sequence = (Sequence) left;
    long repeats = Math.max(0, count.clamped());
    if (sequence.size() > 0 && repeats > Integer.MAX_VALUE / sequence.size()) {
      throw TemplateException.limit("the template's values need too much memory");
    }
    budget.list(repeats * sequence.size());
    List<Value> items = new ArrayList<>();
    for (int i = 0; sequence.size() > 0 && i < repeats; i++) {
      items.addAll(sequence.items());
    }
    return new Sequence(items, sequence.isTuple() ? Sequence.Form.TUPLE : Sequence.Form.LIST);
  }

  private static Value integers(Budget budget, String operator, Int left, Int right) {
    BigInteger a = left.big();
    BigInteger b = right.big();
    budget.steps(((long) a.bitLength() * b.bitLength()) >> 12);
    return switch (operator) {
      case "+" -> Int.of(a.add(b));
      case "-" -> Int.of(a.subtract(b));
      case "*" -> Int.of(a.multiply(b));
      case "/" -> {
        nonzero(b, "division by zero");
        yield new Value.Real(quotient(left, right));
      }
      case "//" -> {
        nonzero(b, "integer division or modulo by zero");
        yield Int.of(floorDivision(a, b));
      }
      case "%" -> {
        nonzero(b, "integer modulo by zero");
        yield Int.of(a.subtract(floorDivision(a, b).multiply(b)));
      }
      default -> power(budget, left, right);
    };
  }

  private static double quotient(Int left, Int right) {
    long exact = 1L << 53;
    if (left.isLong()
        && right.isLong()
        && Math.abs(left.clamped()) <= exact
        && Math.abs(right.clamped()) <= exact) {
      return (double) left.clamped() / right.clamped();
    }
    double quotient =
        new java.math.BigDecimal(left.big())
            .divide(new java.math.BigDecimal(right.big()), new java.math.MathContext(60))
            .doubleValue();
    if (Double.isInfinite(quotient)) {
      throw TemplateException.runtime("integer division result too large for a float");
    }
    return quotient;
  }

  private static void nonzero(BigInteger value, String message) {
    if (value.signum() == 0) {
      throw TemplateException.runtime(message);
    }
  }

  private static BigInteger floorDivision(BigInteger a, BigInteger b) {
    BigInteger[] parts = a.divideAndRemainder(b);
    return parts[1].signum() != 0 && parts[1].signum() != b.signum()
        ? parts[0].subtract(BigInteger.ONE)
        : parts[0];
  }

  private static Value power(Budget budget, Int base, Int exponent) {
    if (exponent.signum() < 0) {
      return reals("**", base.real(), exponent.real());
    }
    if (base.isLong() && Math.abs(base.clamped()) <= 1) {
      boolean odd = exponent.big().testBit(0);
      return exponent.signum() == 0 || base.clamped() == 1
          ? Int.ONE
          : base.signum() == 0 ? Int.ZERO : Int.of(odd ? -1 : 1);
    }
    long bits = base.big().bitLength();
    if (exponent.clamped() > Budget.MAX_BITS || bits * exponent.clamped() > 2L * Budget.MAX_BITS) {
      throw TemplateException.limit(
          "an integer has more than " + Budget.MAX_BITS + " bits, which is too large");
    }
    budget.steps((bits * exponent.clamped()) >> 4);
    return Int.of(base.big().pow((int) exponent.clamped()));
  }

  private static Value reals(String operator, double a, double b) {
    return new Value.Real(
        switch (operator) {
          case "+" -> a + b;
          case "-" -> a - b;
          case "*" -> a * b;
          case "/" -> {
            nonzero(b, "float division by zero");
            yield a / b;
          }
          case "//" -> {
            nonzero(b, "float floor division by zero");
            yield floorQuotient(a, b);
          }
          case "%" -> {
            nonzero(b, "float modulo");
            yield modulo(a, b);
          }
          default -> power(a, b);
        });
  }

  private static void nonzero(double value, String message) {
    if (value == 0) {
      throw TemplateException.runtime(message);
    }
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    if (rest == 0) {
      return Math.copySign(0.0, b);
    }
    return rest < 0 != b < 0 ? rest + b : rest;
  }

  private static double floorQuotient(double a, double b) {
    double rest = a % b;
    double quotient = (a - rest) / b;
    if (rest != 0 && rest < 0 != b < 0) {
      quotient -= 1;
    }
    if (quotient == 0) {
      return Math.copySign(0.0, a / b);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  private static double power(double a, double b) {
    if (a == 0 && b < 0) {
      throw TemplateException.runtime("0.0 cannot be raised to a negative power");
    }
    if (a < 0 && b != Math.rint(b)) {
      throw TemplateException.runtime("a negative number cannot be raised to a fractional power");
    }
    if (a == 1) {
      return 1;
    }
    double power = Math.pow(a, b);
    if (Double.isInfinite(power) && Double.isFinite(a) && Double.isFinite(b)) {
      throw TemplateException.runtime("Result too large");
    }
    return power;
  }
}
