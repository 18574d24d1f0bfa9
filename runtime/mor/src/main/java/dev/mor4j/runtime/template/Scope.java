package dev.mor4j.runtime.template;

import java.util.HashMap;
import java.util.Map;

/** Names that a part of a template has set, above those of the parts around it. */
final class Scope {
  private final Scope outer;
  private final Map<String, Value> names = new HashMap<>(8);

  Scope(Scope outer) {
    this.outer = outer;
  }

  void set(String name, Value value) {
    names.put(name, value);
  }

  /** The value of {@code name}, or null. */
  Value find(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Value value = scope.names.get(name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  Value get(String name) {
    Value value = find(name);
    return value != null ? value : Undefined.name(name);
  }
}
