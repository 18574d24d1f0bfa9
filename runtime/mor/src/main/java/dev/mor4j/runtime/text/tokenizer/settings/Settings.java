package dev.mor4j.runtime.text.tokenizer.settings;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.utf8.Utf8;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One JSON object of a tokenizer's file, and where in the file it is. */
public final class Settings {
  private final Path file;
  private final String where;
  private final Map<?, ?> values;

  private Settings(Path file, String where, Map<?, ?> values) {
    this.file = file;
    this.where = where;
    this.values = values;
  }

  /**
   * The object that {@code value} is.
   *
   * @param where the key at which {@code value} was found, for messages
   * @throws ModelFormatException when {@code value} is not an object
   */
  public static Settings of(Path file, String where, Object value) throws ModelFormatException {
    if (value instanceof Map<?, ?> values) {
      return new Settings(file, where, values);
    }
    throw new ModelFormatException(
        file, where + ": found " + found(value) + ", expected an object");
  }

  /** Where in the file this is. */
  public String where() {
    return where;
  }

  /** Whether there is a value that is not null. */
  public boolean has(String key) {
    return values.get(key) != null;
  }

  /** The component's type. */
  public String type() throws ModelFormatException {
    return text("type");
  }

  /** What a type gives that nothing here knows. */
  public ModelFormatException unknownType(String known) throws ModelFormatException {
    return refuse("type", "one of " + known);
  }

  /** A text. */
  public String text(String key) throws ModelFormatException {
    if (!(values.get(key) instanceof String text)) {
      throw refuse(key, "a text");
    }
    if (!Utf8.isWellFormed(text)) {
      throw unusable(key, "the text has a surrogate that stands alone", null);
    }
    return text;
  }

  /** A text, or {@code otherwise} where there is none. */
  public String text(String key, String otherwise) throws ModelFormatException {
    return has(key) ? text(key) : otherwise;
  }

  /** A text of one character, as its code point. */
  public int character(String key) throws ModelFormatException {
    String text = text(key);
    if (!text.isEmpty() && text.codePointCount(0, text.length()) == 1) {
      return text.codePointAt(0);
    }
    throw refuse(key, "one character");
  }

  /** True or false. */
  public boolean flag(String key) throws ModelFormatException {
    if (values.get(key) instanceof Boolean flag) {
      return flag;
    }
    throw refuse(key, "true or false");
  }

  /** True or false, or {@code otherwise} where there is neither. */
  public boolean flag(String key, boolean otherwise) throws ModelFormatException {
    return has(key) ? flag(key) : otherwise;
  }

  /** A number that is not negative. */
  public int count(String key) throws ModelFormatException {
    return count(key, values.get(key));
  }

  /** A component, in which there may be others. */
  public Settings object(String key) throws ModelFormatException {
    return of(file, where + "." + key, values.get(key));
  }

  /** The value of a key, for what has more than one form; null where there is none. */
  public Object value(String key) {
    return values.get(key);
  }

  /** The keys of this object. */
  public List<String> keys() {
    return values.keySet().stream().map(String::valueOf).toList();
  }

  /** An array of objects. */
  public List<Settings> objects(String key) throws ModelFormatException {
    List<Settings> objects = new ArrayList<>();
    List<?> list = list(key);
    for (int i = 0; i < list.size(); i++) {
      objects.add(of(file, where + "." + key + "[" + i + "]", list.get(i)));
    }
    return objects;
  }

  /** An array of numbers that are not negative. */
  public int[] counts(String key) throws ModelFormatException {
    List<?> list = list(key);
    int[] counts = new int[list.size()];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = count(key, list.get(i));
    }
    return counts;
  }

  /** A pair of a token and its id; the id. */
  public int idOfPair(String key) throws ModelFormatException {
    List<?> list = list(key);
    if (list.size() != 2 || !(list.get(0) instanceof String)) {
      throw refuse(key, "a token and its id");
    }
    return count(key, list.get(1));
  }

  /** A setting that is not what it should be. */
  public ModelFormatException refuse(String key, String expected) {
    return new ModelFormatException(
        file, where + "." + key + ": found " + found(values.get(key)) + ", expected " + expected);
  }

  /** A setting that cannot be used, for a reason of its own. */
  public ModelFormatException unusable(String key, String reason, Throwable cause) {
    return new ModelFormatException(file, where + "." + key + ": " + reason, cause);
  }

  private List<?> list(String key) throws ModelFormatException {
    if (values.get(key) instanceof List<?> list) {
      return list;
    }
    throw refuse(key, "an array");
  }

  private int count(String key, Object value) throws ModelFormatException {
    if (value instanceof Integer number && number >= 0) {
      return number;
    }
    throw new ModelFormatException(
        file,
        where + "." + key + ": found " + found(value) + ", expected a number from 0 to 2^31 - 1");
  }

  private static String found(Object value) {
    return switch (value) {
      case null -> "nothing";
      case String text -> quoted(text);
      case List<?> list -> "an array of " + list.size();
      case Map<?, ?> map -> "an object";
      default -> value.toString();
    };
  }

  /** A text in quotation marks, cut where it is long. */
  public static String quoted(String text) {
    int most = 60;
    if (text.length() <= most) {
      return '"' + text + '"';
    }
    int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return '"' + text.substring(0, end) + "…\"";
  }
}
