package dev.mor4j.runtime.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code namespace()} makes: the one value whose attributes a template can set. */
final class Namespace implements Value {
  private final Map<String, Value> attributes = new LinkedHashMap<>();

  Map<String, Value> attributes() {
    return attributes;
  }

  @Override
  public String type() {
    return "Namespace";
  }
}
