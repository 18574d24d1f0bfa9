package dev.mor4j.runtime.template;

import java.util.List;
import java.util.Map;

/** What a function, a filter or a test is called with, beside the value that it is applied to. */
record Arguments(List<Value> positional, Map<String, Value> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Arguments of(Value... values) {
    return new Arguments(List.of(values), Map.of());
  }

  /** All but the first {@code count} that have no name. */
  Arguments without(int count) {
    return new Arguments(positional.subList(count, positional.size()), named);
  }

  /**
   * The arguments in the order of {@code parameters}, null where one is missing.
   *
   * @param required how many must be there
   */
  Value[] bind(String function, int required, String... parameters) {
    if (positional.size() > parameters.length) {
      throw TemplateException.runtime(
          function
              + "() takes at most "
              + parameters.length
              + " arguments, found "
              + positional.size());
    }
    Value[] bound = new Value[parameters.length];
    for (int i = 0; i < positional.size(); i++) {
      bound[i] = positional.get(i);
    }
    for (Map.Entry<String, Value> argument : named.entrySet()) {
      int index = List.of(parameters).indexOf(argument.getKey());
      if (index < 0) {
        throw TemplateException.runtime(
            function + "() got an unexpected keyword argument '" + argument.getKey() + "'");
      }
      if (bound[index] != null) {
        throw TemplateException.runtime(
            function + "() got multiple values for argument '" + argument.getKey() + "'");
      }
      bound[index] = argument.getValue();
    }
    for (int i = 0; i < required; i++) {
      if (bound[i] == null) {
        throw TemplateException.runtime(
            function + "() is missing the argument '" + parameters[i] + "'");
      }
    }
    return bound;
  }

  /** The arguments of a function of Python's that takes no names. */
  Value[] positionalOnly(String function, int required, int most) {
    if (!named.isEmpty()) {
      throw TemplateException.runtime(function + "() takes no keyword arguments");
    }
    if (positional.size() < required || positional.size() > most) {
      throw TemplateException.runtime(
          function
              + "() takes "
              + (required == most ? "" + most : required + " to " + most)
              + " arguments, found "
              + positional.size());
    }
    Value[] bound = new Value[most];
    for (int i = 0; i < positional.size(); i++) {
      bound[i] = positional.get(i);
    }
    return bound;
  }
}
