package dev.mor4j.runtime.template;

import java.util.HashMap;
import java.util.Map;

/** The filters by name: Jinja's, with {@code tojson} as {@code transformers} defines it. */
final class Filters {
  /** What a filter does. */
  @FunctionalInterface
  interface Filter {
    Value apply(Rendering rendering, Value input, Arguments arguments);
  }

  private static final Map<String, Filter> ALL = all();

  private Filters() {}

  private static Map<String, Filter> all() {
    Map<String, Filter> filters = new HashMap<>();
    TextFilters.addTo(filters);
    SequenceFilters.addTo(filters);
    NumberFilters.addTo(filters);
    filters.put(
        "default",
        (rendering, input, arguments) -> {
          Value[] bound = arguments.bind("default", 0, "default_value", "boolean");
          boolean missing =
              input instanceof Undefined
                  || (bound[1] != null && Iteration.truth(bound[1]) && !Iteration.truth(input));
          return !missing ? input : bound[0] != null ? bound[0] : Text.EMPTY;
        });
    filters.put("d", filters.get("default"));
    filters.put("tojson", Filters::json);
    filters.put(
        "attr",
        (rendering, input, arguments) -> {
          String name =
              Printing.string(rendering.budget(), arguments.bind("attr", 1, "name")[0]).toString();
          Value found = Attributes.own(input, name);
          return found != null ? found : Undefined.attribute(input, name);
        });
    return Map.copyOf(filters);
  }

  private static Value json(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound =
        arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    Budget budget = rendering.budget();
    Text indent = null;
    if (bound[1] != null && bound[1] != Value.None.NONE) {
      indent =
          bound[1] instanceof Text text
              ? text
              : Text.of(" ").times(budget, Arithmetic.integer(bound[1]).clamped());
    }
    Text item = Text.of(indent == null ? ", " : ",");
    Text key = Text.of(": ");
    if (bound[2] != null && bound[2] != Value.None.NONE) {
      if (!(bound[2] instanceof Sequence separators) || separators.size() != 2) {
        throw TemplateException.runtime("separators must be two texts");
      }
      item = TextMethods.text(separators.items().get(0));
      key = TextMethods.text(separators.items().get(1));
    }
    return JsonText.write(
        budget,
        input,
        new JsonText.Form(
            bound[0] != null && Iteration.truth(bound[0]),
            indent,
            item,
            key,
            bound[3] != null && Iteration.truth(bound[3])));
  }

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static String unknown(String name) {
    return "No filter named '" + name + "'.";
  }

  static Filter get(String name) {
    Filter filter = ALL.get(name);
    if (filter == null) {
      throw TemplateException.runtime(unknown(name));
    }
    return filter;
  }
}
