package dev.mor4j.runtime.template;

import java.math.BigDecimal;
import java.util.List;

/**
 * A value as the key of a dictionary, equal as Python has it: 1, 1.0 and true are one key.
 *
 * <p>Texts have an order, so that a map finds one fast among others that have its hash: whoever
 * writes messages could choose keys that way.
 */
final class Key implements Comparable<Key> {
  /** Values in a key that is a tuple: equality must stay cheap. */
  private static final int MAX_PARTS = 64;

  private final Value value;
  private final int hash;

  Key(Text text) {
    this.value = text;
    this.hash = text.hashCode();
  }

  private Key(Value value, int hash) {
    this.value = value;
    this.hash = hash;
  }

  /**
   * The key that {@code value} is.
   *
   * @throws TemplateException where it cannot be one
   */
  static Key of(Value value) {
    return value instanceof Text text
        ? new Key(text)
        : new Key(value, hash(value, new int[] {MAX_PARTS}));
  }

  Value value() {
    return value;
  }

  private static int hash(Value value, int[] left) {
    if (--left[0] < 0) {
      throw TemplateException.limit("a tuple that is a key has more than " + MAX_PARTS + " values");
    }
    return switch (value) {
      case Text text -> text.hashCode();
      case Value.Bool flag -> flag.number();
      case Int number ->
          number.isLong() ? Long.hashCode(number.clamped()) : number.big().hashCode();
      case Value.Real real -> {
        double number = real.value();
        if (number == Math.rint(number) && Math.abs(number) < 0x1p63) {
          yield Long.hashCode((long) number);
        }
        yield Double.isFinite(number) && number == Math.rint(number)
            ? new BigDecimal(number).toBigInteger().hashCode()
            : Double.hashCode(number);
      }
      case Sequence sequence -> {
        if (!sequence.isTuple()) {
          throw unhashable(sequence);
        }
        int hash = 7;
        for (Value item : sequence.items()) {
          hash = 31 * hash + hash(item, left);
        }
        yield hash;
      }
      case Dictionary dictionary -> throw unhashable(dictionary);
      case DictionaryView view -> throw unhashable(view);
      case Undefined ignored -> 1;
      case Value.None ignored -> 2;
      case Range range -> range.size();
      case Namespace namespace -> System.identityHashCode(namespace);
      case Generator generator -> System.identityHashCode(generator);
      case Loop loop -> System.identityHashCode(loop);
      case Macro macro -> System.identityHashCode(macro);
      case Function function -> System.identityHashCode(function);
      case Cycler cycler -> System.identityHashCode(cycler);
      case Joiner joiner -> System.identityHashCode(joiner);
    };
  }

  private static TemplateException unhashable(Value value) {
    return TemplateException.runtime("unhashable type: '" + value.type() + "'");
  }

  @SuppressWarnings("ReferenceEquality") // what is the same is equal, without a look inside
  private static boolean equal(Value left, Value right) {
    if (left == right) {
      return true;
    }
    if (left instanceof Sequence a && right instanceof Sequence b) {
      List<Value> as = a.items();
      List<Value> bs = b.items();
      if (as.size() != bs.size()) {
        return false;
      }
      for (int i = 0; i < as.size(); i++) {
        if (!equal(as.get(i), bs.get(i))) {
          return false;
        }
      }
      return true;
    }
    return Comparison.equalScalars(left, right);
  }

  /**
   * The key that {@code value} is, where the work to compare it is counted.
   *
   * @throws TemplateException where it cannot be one
   */
  static Key of(Budget budget, Value value) {
    Key key = of(value);
    budget.steps(length(value) >> 5);
    return key;
  }

  /** Code points of all texts in a key, which has few parts. */
  private static long length(Value value) {
    if (value instanceof Sequence sequence) {
      return sequence.items().stream().mapToLong(Key::length).sum();
    }
    return value instanceof Text text ? text.length() : 0;
  }

  /** Texts in their order, then all others, among which there is none. */
  @Override
  public int compareTo(Key other) {
    if (value instanceof Text text) {
      return other.value instanceof Text more ? text.compareTo(more) : -1;
    }
    return other.value instanceof Text ? 1 : 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Key key && hash == key.hash && equal(value, key.value);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
