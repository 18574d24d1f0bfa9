package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.ModelFormatException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * OmegaConf's {@code ${section.key}} in the sections that are read, where it is the whole value:
 * replaced by the value it names. Anything else that OmegaConf can interpolate stays as it is, and
 * is refused where a setting is read.
 */
final class Interpolation {
  private static final Pattern REFERENCE = Pattern.compile("\\$\\{([A-Za-z0-9_.]{1,200})\\}");
  private static final List<String> SECTIONS = List.of("recursive", "kv_sharing", "mor");
  private static final int MAX_STEPS = 8;

  private final Path file;
  private final Map<String, Object> top;

  private Interpolation(Path file, Map<String, Object> top) {
    this.file = file;
    this.top = top;
  }

  /** {@code yaml} with the references in its sections replaced. */
  static Map<String, Object> resolve(Path file, Map<String, Object> yaml)
      throws ModelFormatException {
    Interpolation interpolation = new Interpolation(file, yaml);
    Map<String, Object> resolved = new LinkedHashMap<>(yaml);
    for (String section : SECTIONS) {
      if (yaml.get(section) instanceof Map<?, ?> map) {
        resolved.put(section, interpolation.map(section, map));
      }
    }
    return resolved;
  }

  private Map<String, Object> map(String path, Map<?, ?> map) throws ModelFormatException {
    Map<String, Object> resolved = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      String key = String.valueOf(entry.getKey());
      Object value = entry.getValue();
      resolved.put(
          key,
          value instanceof Map<?, ?> inner
              ? map(path + "." + key, inner)
              : value(path + "." + key, value));
    }
    return resolved;
  }

  private Object value(String path, Object value) throws ModelFormatException {
    Object current = value;
    for (int step = 0; current instanceof String text; step++) {
      Matcher reference = REFERENCE.matcher(text);
      if (!reference.matches()) {
        return current;
      }
      if (step == MAX_STEPS) {
        throw new ModelFormatException(
            file,
            path + " is " + value + ", expected at most " + MAX_STEPS + " references in a row");
      }
      current = top;
      for (String key : reference.group(1).split("\\.", -1)) {
        if (!(current instanceof Map<?, ?> map && map.containsKey(key))) {
          throw new ModelFormatException(
              file, path + " is " + text + ", expected the name of a setting of this file");
        }
        current = map.get(key);
      }
      if (current instanceof Map || current instanceof List) {
        throw new ModelFormatException(
            file, path + " is " + text + ", expected the name of a value");
      }
    }
    return current;
  }
}
