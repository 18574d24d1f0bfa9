package dev.mor4j.runtime.template;

import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Equality and order, as Python has them. */
final class Comparison {
  private Comparison() {}

  static boolean holds(Budget budget, String operator, Value left, Value right) {
    return switch (operator) {
      case "==" -> equal(budget, left, right);
      case "!=" -> !equal(budget, left, right);
      case "in" -> contains(budget, right, left);
      case "not in" -> !contains(budget, right, left);
      default -> ordered(budget, operator, left, right);
    };
  }

  static boolean ordered(Budget budget, String operator, Value left, Value right) {
    if (isNan(left) || isNan(right)) {
      return false;
    }
    int order = compare(budget, operator, left, right);
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      default -> order >= 0;
    };
  }

  private static boolean isNan(Value value) {
    return value instanceof Value.Real real && Double.isNaN(real.value());
  }

  static boolean isNumber(Value value) {
    return value instanceof Int || value instanceof Value.Real || value instanceof Value.Bool;
  }

  /** Equality of what has no other values inside. */
  @SuppressWarnings("ReferenceEquality") // what has no value of its own equals itself alone
  static boolean equalScalars(Value left, Value right) {
    if (isNumber(left) && isNumber(right)) {
      return !isNan(left) && !isNan(right) && compareNumbers(left, right) == 0;
    }
    return switch (left) {
      case Text text -> text.equals(right);
      case Undefined ignored -> right instanceof Undefined;
      case Range range ->
          right instanceof Range other
              && range.size() == other.size()
              && (range.size() == 0
                  || (range.start() == other.start()
                      && (range.size() == 1 || range.step() == other.step())));
      default -> left == right;
    };
  }

  @SuppressWarnings("ReferenceEquality") // what is the same is equal, without a look inside
  static boolean equal(Budget budget, Value left, Value right) {
    budget.step();
    if (left == right && !isNan(left)) {
      return true;
    }
    if (left instanceof Sequence a && right instanceof Sequence b) {
      if (a.isTuple() != b.isTuple() || a.size() != b.size()) {
        return false;
      }
      budget.enter();
      for (int i = 0; i < a.size(); i++) {
        if (!equal(budget, a.items().get(i), b.items().get(i))) {
          budget.leave();
          return false;
        }
      }
      budget.leave();
      return true;
    }
    if (left instanceof Dictionary a && right instanceof Dictionary b) {
      if (a.size() != b.size()) {
        return false;
      }
      budget.enter();
      for (Map.Entry<Key, Value> entry : a.entries().entrySet()) {
        Value other = b.entries().get(entry.getKey());
        if (other == null || !equal(budget, entry.getValue(), other)) {
          budget.leave();
          return false;
        }
      }
      budget.leave();
      return true;
    }
    if (left instanceof Text text) {
      budget.steps(text.length() >> 5);
    }
    return equalScalars(left, right);
  }

  /** The order of two values that have one. */
  static int compare(Budget budget, String operator, Value left, Value right) {
    budget.step();
    if (isNumber(left) && isNumber(right)) {
      return compareNumbers(left, right);
    }
    if (left instanceof Text a && right instanceof Text b) {
      budget.steps(Math.min(a.length(), b.length()) >> 5);
      return a.compareTo(b);
    }
    if (left instanceof Sequence a && right instanceof Sequence b && a.isTuple() == b.isTuple()) {
      budget.enter();
      List<Value> as = a.items();
      List<Value> bs = b.items();
      int both = Math.min(as.size(), bs.size());
      for (int i = 0; i < both; i++) {
        if (!equal(budget, as.get(i), bs.get(i))) {
          int order = compare(budget, operator, as.get(i), bs.get(i));
          budget.leave();
          return order;
        }
      }
      budget.leave();
      return Integer.compare(as.size(), bs.size());
    }
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw TemplateException.runtime(
        "'"
            + operator
            + "' not supported between instances of '"
            + left.type()
            + "' and '"
            + right.type()
            + "'");
  }

  private static int compareNumbers(Value left, Value right) {
    if (left instanceof Value.Real || right instanceof Value.Real) {
      double a = left instanceof Value.Real real ? real.value() : 0;
      double b = right instanceof Value.Real real ? real.value() : 0;
      if (Double.isInfinite(a) || Double.isInfinite(b)) {
        return Double.compare(a, b);
      }
      return decimal(left).compareTo(decimal(right));
    }
    Int a = Arithmetic.integer(left);
    Int b = Arithmetic.integer(right);
    return a.isLong() && b.isLong()
        ? Long.compare(a.clamped(), b.clamped())
        : a.big().compareTo(b.big());
  }

  private static BigDecimal decimal(Value value) {
    return value instanceof Value.Real real
        ? new BigDecimal(real.value())
        : new BigDecimal(Arithmetic.integer(value).big());
  }

  static boolean contains(Budget budget, Value container, Value value) {
    return switch (container) {
      case Text text -> {
        if (value instanceof Text part) {
          yield text.find(budget, part, 0, text.length()) >= 0;
        }
        throw value instanceof Undefined undefined
            ? undefined.failure()
            : TemplateException.runtime(
                "'in <string>' requires string as left operand, not " + value.type());
      }
      case Dictionary dictionary -> dictionary.get(budget, value) != null;
      default -> {
        if (container instanceof DictionaryView view && view.part() == DictionaryView.Part.KEYS) {
          yield view.dictionary().get(budget, value) != null;
        }
        if (!Iteration.isIterable(container)) {
          throw TemplateException.runtime(
              "argument of type '" + container.type() + "' is not iterable");
        }
        Iterator<Value> values = Iteration.iterator(budget, container);
        while (values.hasNext()) {
          if (equal(budget, values.next(), value)) {
            yield true;
          }
        }
        yield false;
      }
    };
  }
}
