package dev.mor4j.runtime.template;

import java.util.HashMap;
import java.util.Map;

/** The tests by name, which are Jinja's. */
final class ValueTests {
  /** What a test asks. */
  @FunctionalInterface
  interface ValueTest {
    boolean test(Rendering rendering, Value value, Arguments arguments);
  }

  /** A question about a value alone. */
  @FunctionalInterface
  private interface Plain {
    boolean test(Rendering rendering, Value value);
  }

  private static final Map<String, ValueTest> ALL = all();

  private ValueTests() {}

  private static Map<String, ValueTest> all() {
    Map<String, ValueTest> tests = new HashMap<>();
    plain(tests, "defined", (r, v) -> !(v instanceof Undefined));
    plain(tests, "undefined", (r, v) -> v instanceof Undefined);
    plain(tests, "none", (r, v) -> v == Value.None.NONE);
    plain(tests, "boolean", (r, v) -> v instanceof Value.Bool);
    plain(tests, "true", (r, v) -> v == Value.Bool.TRUE);
    plain(tests, "false", (r, v) -> v == Value.Bool.FALSE);
    plain(tests, "integer", (r, v) -> v instanceof Int);
    plain(tests, "float", (r, v) -> v instanceof Value.Real);
    plain(tests, "number", (r, v) -> Comparison.isNumber(v));
    plain(tests, "string", (r, v) -> v instanceof Text);
    plain(tests, "mapping", (r, v) -> v instanceof Dictionary);
    plain(tests, "iterable", (r, v) -> Iteration.isIterable(v));
    plain(
        tests,
        "sequence",
        (r, v) ->
            v instanceof Text
                || v instanceof Sequence
                || v instanceof Dictionary
                || v instanceof Range
                || v instanceof Undefined);
    plain(tests, "callable", (r, v) -> Attributes.isCallable(v));
    plain(tests, "escaped", (r, v) -> v instanceof Text text && text.isSafe());
    plain(tests, "odd", (r, v) -> remainder(r, v, Int.of(2)) == 1);
    plain(tests, "even", (r, v) -> remainder(r, v, Int.of(2)) == 0);
    plain(
        tests,
        "lower",
        (r, v) -> TextMethods.isCase(r.budget(), Printing.string(r.budget(), v), false));
    plain(
        tests,
        "upper",
        (r, v) -> TextMethods.isCase(r.budget(), Printing.string(r.budget(), v), true));
    plain(tests, "filter", (r, v) -> named(v) && Filters.exists(v.toString()));
    plain(tests, "test", (r, v) -> named(v) && exists(v.toString()));
    tests.put("divisibleby", (r, v, a) -> remainder(r, v, a.bind("divisibleby", 1, "num")[0]) == 0);
    tests.put("sameas", (r, v, a) -> same(v, a.bind("sameas", 1, "other")[0]));
    tests.put("in", (r, v, a) -> Comparison.contains(r.budget(), a.bind("in", 1, "seq")[0], v));
    operator(tests, "==", "==", "eq", "equalto");
    operator(tests, "!=", "!=", "ne");
    operator(tests, ">", ">", "gt", "greaterthan");
    operator(tests, ">=", ">=", "ge");
    operator(tests, "<", "<", "lt", "lessthan");
    operator(tests, "<=", "<=", "le");
    return tests;
  }

  private static void plain(Map<String, ValueTest> tests, String name, Plain test) {
    tests.put(
        name,
        (rendering, value, arguments) -> {
          arguments.positionalOnly(name, 0, 0);
          return test.test(rendering, value);
        });
  }

  private static void operator(Map<String, ValueTest> tests, String operator, String... names) {
    for (String name : names) {
      tests.put(
          name,
          (rendering, value, arguments) ->
              Comparison.holds(
                  rendering.budget(), operator, value, arguments.positionalOnly(name, 1, 1)[0]));
    }
  }

  /** Whether a value can be a name; one that cannot even be a key fails, as in a dictionary. */
  private static boolean named(Value value) {
    return Key.of(value).value() instanceof Text;
  }

  private static double remainder(Rendering rendering, Value value, Value by) {
    if (value instanceof Text text) {
      // In Python this formats a text, which equals no number.
      PercentFormat.format(rendering.budget(), text, by);
      return Double.NaN;
    }
    return Arithmetic.real(Arithmetic.binary(rendering, "%", value, by));
  }

  /** Identity, where small integers and equal constants are one object. */
  @SuppressWarnings("ReferenceEquality") // identity is the question
  private static boolean same(Value left, Value right) {
    if (left == right) {
      return true;
    }
    return (left instanceof Int a && right instanceof Int b && a.big().equals(b.big()))
        || (left instanceof Text x && right instanceof Text y && x.length() < 2 && x.equals(y));
  }

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static String unknown(String name) {
    return "No test named '" + name + "'.";
  }

  static ValueTest get(String name) {
    ValueTest test = ALL.get(name);
    if (test == null) {
      throw TemplateException.runtime(unknown(name));
    }
    return test;
  }
}
