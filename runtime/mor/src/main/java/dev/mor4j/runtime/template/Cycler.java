package dev.mor4j.runtime.template;

import java.util.List;

/** What {@code cycler()} makes: its values one after the other, again and again. */
final class Cycler implements Value {
  private final List<Value> items;
  private int position;

  Cycler(List<Value> items) {
    this.items = items;
  }

  Value current() {
    return items.get(position);
  }

  Value next() {
    Value current = current();
    position = (position + 1) % items.size();
    return current;
  }

  void reset() {
    position = 0;
  }

  @Override
  public String type() {
    return "Cycler";
  }
}
