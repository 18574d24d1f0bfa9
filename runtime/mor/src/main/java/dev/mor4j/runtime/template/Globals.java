package dev.mor4j.runtime.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The names that every template has. */
final class Globals {
  private static final Map<String, Value> ALL = all();

  private Globals() {}

  static Scope scope() {
    Scope scope = new Scope(null);
    ALL.forEach(scope::set);
    return scope;
  }

  private static Map<String, Value> all() {
    Map<String, Value> globals = new LinkedHashMap<>();
    put(globals, "range", Globals::range);
    put(
        globals,
        "dict",
        (rendering, arguments) -> new Dictionary(entries(rendering, "dict", arguments)));
    put(globals, "namespace", Globals::namespace);
    put(
        globals,
        "cycler",
        (rendering, arguments) -> {
          List<Value> items = arguments.positional();
          if (items.isEmpty()) {
            throw TemplateException.runtime("at least one item has to be provided");
          }
          return new Cycler(items);
        });
    put(
        globals,
        "joiner",
        (rendering, arguments) -> {
          Value separator = arguments.bind("joiner", 0, "sep")[0];
          return new Joiner(separator == null ? Text.of(", ") : separator);
        });
    put(
        globals,
        "raise_exception",
        (rendering, arguments) -> {
          Value message = arguments.bind("raise_exception", 1, "message")[0];
          throw new TemplateException(
              TemplateException.Kind.RAISED,
              Printing.string(rendering.budget(), message).toString(),
              0);
        });
    put(
        globals,
        "strftime_now",
        (rendering, arguments) ->
            Strftime.format(
                rendering.budget(),
                TextMethods.text(arguments.bind("strftime_now", 1, "format")[0]),
                rendering.now()));
    put(
        globals,
        "lipsum",
        (rendering, arguments) -> {
          throw TemplateException.runtime(
              "the function 'lipsum' is not supported: a prompt must not depend on chance");
        });
    return globals;
  }

  private static void put(Map<String, Value> globals, String name, Function.Body body) {
    globals.put(name, new Function(name, body));
  }

  private static Value range(Rendering rendering, Arguments arguments) {
    Value[] bound = arguments.positionalOnly("range", 1, 3);
    long first = Arithmetic.integer(bound[0]).clamped();
    return bound[1] == null
        ? Range.of(0, first, 1)
        : Range.of(
            first,
            Arithmetic.integer(bound[1]).clamped(),
            bound[2] == null ? 1 : Arithmetic.integer(bound[2]).clamped());
  }

  private static Map<Key, Value> entries(
      Rendering rendering, String function, Arguments arguments) {
    Budget budget = rendering.budget();
    if (arguments.positional().size() > 1) {
      throw TemplateException.runtime(
          function + "() takes at most 1 argument, found " + arguments.positional().size());
    }
    Map<Key, Value> entries = new LinkedHashMap<>();
    for (Value from : arguments.positional()) {
      if (from instanceof Dictionary dictionary) {
        budget.entries(dictionary.size());
        entries.putAll(dictionary.entries());
        continue;
      }
      for (Value item : Iteration.list(budget, from)) {
        List<Value> pair = Iteration.list(budget, item);
        if (pair.size() != 2) {
          throw TemplateException.runtime(
              "a dictionary is made of pairs, found " + pair.size() + " values");
        }
        budget.entries(1);
        entries.put(Key.of(budget, pair.get(0)), pair.get(1));
      }
    }
    budget.entries(arguments.named().size());
    arguments.named().forEach((name, value) -> entries.put(new Key(Text.of(name)), value));
    return entries;
  }

  private static Value namespace(Rendering rendering, Arguments arguments) {
    Namespace namespace = new Namespace();
    entries(rendering, "namespace", arguments)
        .forEach(
            (key, value) -> {
              if (key.value() instanceof Text name) {
                namespace.attributes().put(name.toString(), value);
              }
            });
    return namespace;
  }
}
