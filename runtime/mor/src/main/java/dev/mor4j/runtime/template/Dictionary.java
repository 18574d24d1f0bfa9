package dev.mor4j.runtime.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** A dictionary in the order in which its keys came. */
final class Dictionary implements Value {
  private final Map<Key, Value> entries;

  Dictionary(Map<Key, Value> entries) {
    this.entries = entries;
  }

  static Dictionary empty() {
    return new Dictionary(new LinkedHashMap<>());
  }

  Map<Key, Value> entries() {
    return entries;
  }

  int size() {
    return entries.size();
  }

  /** The value for {@code key}, or null. */
  Value get(Budget budget, Value key) {
    return entries.get(Key.of(budget, key));
  }

  /** The value for a key that is a text, or null. */
  Value get(String key) {
    return entries.get(new Key(Text.of(key)));
  }

  @Override
  public String type() {
    return "dict";
  }
}
