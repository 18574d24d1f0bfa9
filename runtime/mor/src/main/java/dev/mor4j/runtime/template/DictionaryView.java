package dev.mor4j.runtime.template;

import java.util.Iterator;
import java.util.Map;

/** What {@code keys()}, {@code values()} and {@code items()} of a dictionary give. */
record DictionaryView(Dictionary dictionary, Part part) implements Value {
  /** Which part of the entries. */
  enum Part {
    KEYS,
    VALUES,
    ITEMS
  }

  Iterator<Value> iterator(Budget budget) {
    Iterator<Map.Entry<Key, Value>> entries = dictionary.entries().entrySet().iterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return entries.hasNext();
      }

      @Override
      public Value next() {
        Map.Entry<Key, Value> entry = entries.next();
        return switch (part) {
          case KEYS -> entry.getKey().value();
          case VALUES -> entry.getValue();
          case ITEMS -> {
            budget.list(2);
            yield Sequence.tuple(entry.getKey().value(), entry.getValue());
          }
        };
      }
    };
  }

  @Override
  public String type() {
    return switch (part) {
      case KEYS -> "dict_keys";
      case VALUES -> "dict_values";
      case ITEMS -> "dict_items";
    };
  }
}
