package dev.mor4j.runtime.template;

import java.util.Iterator;

/** Values that come one after the other, once. */
final class Generator implements Value {
  private final Iterator<Value> values;

  Generator(Iterator<Value> values) {
    this.values = values;
  }

  Iterator<Value> values() {
    return values;
  }

  @Override
  public String type() {
    return "generator";
  }
}
