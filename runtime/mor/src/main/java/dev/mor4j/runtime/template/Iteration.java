package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Predicate;

/** What all values have: truth, a length, values inside. */
final class Iteration {
  private Iteration() {}

  static boolean truth(Value value) {
    return switch (value) {
      case Value.None ignored -> false;
      case Undefined ignored -> false;
      case Value.Bool flag -> flag == Value.Bool.TRUE;
      case Int number -> number.signum() != 0;
      case Value.Real real -> real.value() != 0;
      case Text text -> !text.isEmpty();
      case Sequence sequence -> sequence.size() > 0;
      case Dictionary dictionary -> dictionary.size() > 0;
      case DictionaryView view -> view.dictionary().size() > 0;
      case Range range -> range.size() > 0;
      case Loop loop -> loop.length() > 0;
      default -> true;
    };
  }

  static boolean isIterable(Value value) {
    return switch (value) {
      case Text ignored -> true;
      case Sequence ignored -> true;
      case Dictionary ignored -> true;
      case DictionaryView ignored -> true;
      case Range ignored -> true;
      case Generator ignored -> true;
      case Undefined ignored -> true;
      case Loop ignored -> true;
      default -> false;
    };
  }

  /** How many values are inside, or -1 where that is not known before. */
  static int knownLength(Value value) {
    return switch (value) {
      case Text text -> text.length();
      case Sequence sequence -> sequence.size();
      case Dictionary dictionary -> dictionary.size();
      case DictionaryView view -> view.dictionary().size();
      case Range range -> range.size();
      case Undefined ignored -> 0;
      case Loop loop -> loop.length();
      default -> -1;
    };
  }

  static int length(Value value) {
    int length = knownLength(value);
    if (length < 0) {
      throw TemplateException.runtime("object of type '" + value.type() + "' has no len()");
    }
    return length;
  }

  static Iterator<Value> iterator(Budget budget, Value value) {
    return switch (value) {
      case Text text -> indexed(text.length(), i -> Text.ofRaw(text.raw(i)));
      case Sequence sequence -> sequence.items().iterator();
      case Dictionary dictionary ->
          new DictionaryView(dictionary, DictionaryView.Part.KEYS).iterator(budget);
      case DictionaryView view -> view.iterator(budget);
      case Range range -> indexed(range.size(), range::at);
      case Generator generator -> generator.values();
      case Undefined ignored -> List.<Value>of().iterator();
      default -> throw TemplateException.runtime("'" + value.type() + "' object is not iterable");
    };
  }

  /** A value for each index. */
  @FunctionalInterface
  interface Indexed {
    Value at(int index);
  }

  static Iterator<Value> indexed(int size, Indexed values) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < size;
      }

      @Override
      public Value next() {
        if (next >= size) {
          throw new NoSuchElementException();
        }
        return values.at(next++);
      }
    };
  }

  /** The values that pass, tested when they are wanted and not before. */
  static Iterator<Value> filter(Iterator<Value> values, Predicate<Value> test) {
    return new Iterator<>() {
      private Value next;

      @Override
      public boolean hasNext() {
        while (next == null && values.hasNext()) {
          Value value = values.next();
          if (test.test(value)) {
            next = value;
          }
        }
        return next != null;
      }

      @Override
      public Value next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Value value = next;
        next = null;
        return value;
      }
    };
  }

  /** All values inside, which may be a view of a list. */
  static List<Value> list(Budget budget, Value value) {
    if (value instanceof Sequence sequence) {
      return sequence.items();
    }
    List<Value> values = new ArrayList<>();
    Iterator<Value> iterator = iterator(budget, value);
    while (iterator.hasNext()) {
      budget.list(1);
      budget.step();
      values.add(iterator.next());
    }
    return values;
  }
}
