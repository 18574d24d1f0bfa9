package dev.mor4j.runtime.template;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Names that a part of a template has set, above those of the parts around it. A loop makes one for
 * each value, so a few names are kept in arrays, and many in a map.
 */
final class Scope {
  private static final int FEW = 8;

  private final Scope outer;
  private final Set<String> hidden;
  private String[] names = new String[2];
  private Value[] values = new Value[2];
  private int size;
  private Map<String, Value> many;

  Scope(Scope outer) {
    this(outer, Set.of());
  }

  /**
   * @param hidden names that are undefined here until they are set, whatever {@code outer} has
   */
  Scope(Scope outer, Set<String> hidden) {
    this.outer = outer;
    this.hidden = hidden;
  }

  void set(String name, Value value) {
    if (many != null) {
      many.put(name, value);
      return;
    }
    int index = index(name);
    if (index < 0) {
      if (size == FEW) {
        many = new HashMap<>();
        for (int i = 0; i < size; i++) {
          many.put(names[i], values[i]);
        }
        many.put(name, value);
        return;
      }
      if (size == names.length) {
        names = Arrays.copyOf(names, 2 * size);
        values = Arrays.copyOf(values, 2 * size);
      }
      index = size++;
      names[index] = name;
    }
    values[index] = value;
  }

  private int index(String name) {
    for (int i = 0; i < size; i++) {
      if (names[i].equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /** The value of {@code name}, or null. */
  private Value find(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      if (scope.many != null) {
        Value value = scope.many.get(name);
        if (value != null) {
          return value;
        }
      } else {
        int index = scope.index(name);
        if (index >= 0) {
          return scope.values[index];
        }
      }
      if (scope.hidden.contains(name)) {
        return null;
      }
    }
    return null;
  }

  Value get(String name) {
    Value value = find(name);
    return value != null ? value : Undefined.name(name);
  }
}
