package dev.mor4j.runtime;

import java.util.LinkedHashMap;
import java.util.Map;

/** What all options have in common: how they are checked, and how they are compared and shown. */
final class Options {
  private Options() {}

  /**
   * Checks an option.
   *
   * @throws IllegalArgumentException that names the option, what was found and what was expected
   */
  static void require(boolean holds, String name, Object found, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(name + " is " + found + ", expected " + expected);
    }
  }

  /**
   * Values by their names, in the order given. Options are equal when these are, and their text is
   * made of them.
   *
   * @param namesAndValues a name, its value, the next name, its value
   */
  static Map<String, Object> named(Object... namesAndValues) {
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      named.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return named;
  }

  /** For example {@code DeviceOptions[ordinal=0, numbers=AUTO]}. */
  static String text(Class<?> of, Map<String, Object> named) {
    return of.getSimpleName() + named.entrySet();
  }
}
