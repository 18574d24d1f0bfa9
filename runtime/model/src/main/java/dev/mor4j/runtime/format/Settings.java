package dev.mor4j.runtime.format;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An object of a configuration file, read strictly: each value is asked for by key and type, and
 * {@link #finish()} refuses the keys that nobody asked for. Messages name the file, the key with
 * its path, what was found and what was expected. For one thread.
 */
public final class Settings {
  private static final int LONGEST_FOUND = 80;

  private final Path file;
  private final String prefix;
  private final Map<String, Object> values;
  private final Set<String> read = new HashSet<>();

  /**
   * The top level of {@code file}; {@code values} as {@link StrictJson} makes them. Keeps a
   * reference.
   */
  public Settings(Path file, Map<String, Object> values) {
    this(file, "", values);
  }

  private Settings(Path file, String prefix, Map<String, Object> values) {
    this.file = file;
    this.prefix = prefix;
    this.values = values;
  }

  /** The file that messages name. */
  public Path file() {
    return file;
  }

  /** Whether {@code key} has a value other than null; a null counts as read. */
  public boolean has(String key) {
    if (values.get(key) != null) {
      return true;
    }
    read.add(key);
    return false;
  }

  /** The keys, in the order of the file. */
  public Set<String> keys() {
    return values.keySet();
  }

  /** Accepts {@code key} whatever it holds. */
  public void ignore(String key) {
    read.add(key);
  }

  /** The value of {@code key} as it was parsed, null where absent. */
  public Object raw(String key) {
    read.add(key);
    return values.get(key);
  }

  /** A whole number within the range of int. */
  public int integer(String key) throws ModelFormatException {
    Object value = required(key, "a whole number");
    if (value instanceof Long number && number == number.intValue()) {
      return number.intValue();
    }
    throw wrong(key, "a whole number of at most 32 bits");
  }

  /** As {@link #integer(String)}; {@code absent} where the key is missing or null. */
  public int integer(String key, int absent) throws ModelFormatException {
    return has(key) ? integer(key) : absent;
  }

  /** A finite number, whole or not. */
  public double number(String key) throws ModelFormatException {
    if (required(key, "a number") instanceof Number number
        && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw wrong(key, "a finite number");
  }

  /** As {@link #number(String)}; {@code absent} where the key is missing or null. */
  public double number(String key, double absent) throws ModelFormatException {
    return has(key) ? number(key) : absent;
  }

  /** True or false. */
  public boolean flag(String key) throws ModelFormatException {
    if (required(key, "true or false") instanceof Boolean flag) {
      return flag;
    }
    throw wrong(key, "true or false");
  }

  /** As {@link #flag(String)}; {@code absent} where the key is missing or null. */
  public boolean flag(String key, boolean absent) throws ModelFormatException {
    return has(key) ? flag(key) : absent;
  }

  /** A string. */
  public String text(String key) throws ModelFormatException {
    if (required(key, "a string") instanceof String text) {
      return text;
    }
    throw wrong(key, "a string");
  }

  /** As {@link #text(String)}; {@code absent} where the key is missing or null. */
  public String text(String key, String absent) throws ModelFormatException {
    return has(key) ? text(key) : absent;
  }

  /** A string that is one of {@code expected}. */
  public String choice(String key, List<String> expected) throws ModelFormatException {
    String text = text(key);
    if (!expected.contains(text)) {
      throw wrong(key, "one of " + expected);
    }
    return text;
  }

  /** A list. */
  public List<Object> list(String key) throws ModelFormatException {
    if (required(key, "a list") instanceof List<?> list) {
      return new ArrayList<>(list);
    }
    throw wrong(key, "a list");
  }

  /** An object; its own {@link #finish()} is the caller's to call. */
  public Settings object(String key) throws ModelFormatException {
    if (!(required(key, "an object") instanceof Map<?, ?> map)) {
      throw wrong(key, "an object");
    }
    Map<String, Object> inner = new java.util.LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!(entry.getKey() instanceof String name)) {
        throw wrong(key, "keys that are strings");
      }
      inner.put(name, entry.getValue());
    }
    return new Settings(file, prefix + key + ".", inner);
  }

  /** Refuses the keys that were neither read nor ignored. */
  public void finish() throws ModelFormatException {
    for (String key : values.keySet()) {
      if (!read.contains(key)) {
        throw new ModelFormatException(
            file,
            prefix
                + key
                + " is "
                + found(key)
                + ", which is not a known setting; known here: "
                + known());
      }
    }
  }

  /** The keys that were neither read nor ignored, in the order of the file. */
  public List<String> unread() {
    return values.keySet().stream().filter(key -> !read.contains(key)).toList();
  }

  private String known() {
    return read.stream().sorted().toList().toString();
  }

  /** What to throw where the value of {@code key} is not {@code expected}. */
  public ModelFormatException wrong(String key, String expected) {
    return new ModelFormatException(
        file, prefix + key + " is " + found(key) + ", expected " + expected);
  }

  private Object required(String key, String expected) throws ModelFormatException {
    read.add(key);
    Object value = values.get(key);
    if (value == null) {
      throw wrong(key, expected);
    }
    return value;
  }

  private String found(String key) {
    if (!values.containsKey(key)) {
      return "missing";
    }
    Object value = values.get(key);
    String text = value instanceof String s ? '"' + s + '"' : String.valueOf(value);
    return text.length() <= LONGEST_FOUND ? text : text.substring(0, LONGEST_FOUND) + "…";
  }
}
