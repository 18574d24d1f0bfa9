package dev.mor4j.runtime.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Values of templates from maps, lists, texts, numbers, truth values and null. */
final class PlainValues {
  private static final int MAX_DEPTH = 64;

  private final boolean given;
  private long size;

  /**
   * @param given whether texts are marked as not the template's own
   */
  PlainValues(boolean given) {
    this.given = given;
  }

  /** Code points and values so far. */
  long size() {
    return size;
  }

  /**
   * @throws IllegalArgumentException where {@code value} holds something else or nests too deeply
   */
  Value of(Object value) {
    return of(value, 0);
  }

  private Text text(String text) {
    size += text.length();
    return given ? Text.given(text) : Text.of(text);
  }

  private Value of(Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException(
          "found values that are nested in more than " + MAX_DEPTH + " levels, expected less");
    }
    size++;
    return switch (value) {
      case null -> Value.None.NONE;
      case Boolean flag -> Value.Bool.of(flag);
      case Integer number -> Int.of(number);
      case Long number -> Int.of(number);
      case Short number -> Int.of(number);
      case Byte number -> Int.of(number);
      case BigInteger number -> {
        if (number.bitLength() > Budget.MAX_BITS) {
          throw new IllegalArgumentException(
              "found an integer of "
                  + number.bitLength()
                  + " bits, expected at most "
                  + Budget.MAX_BITS);
        }
        yield Int.of(number);
      }
      case Double number -> new Value.Real(number);
      case Float number -> new Value.Real(number);
      case BigDecimal number -> new Value.Real(number.doubleValue());
      case CharSequence characters -> text(characters.toString());
      case Map<?, ?> map -> {
        Map<Key, Value> entries = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          if (!(entry.getKey() instanceof String key)) {
            throw new IllegalArgumentException("found a key that is no String");
          }
          entries.put(new Key(text(key)), of(entry.getValue(), depth + 1));
        }
        yield new Dictionary(entries);
      }
      case Iterable<?> iterable -> {
        List<Value> items = new ArrayList<>();
        for (Object item : iterable) {
          items.add(of(item, depth + 1));
        }
        yield Sequence.list(items);
      }
      default ->
          throw new IllegalArgumentException(
              "found a "
                  + value.getClass().getName()
                  + ", expected a Map, an Iterable, a text, a number, a Boolean or null");
    };
  }
}
