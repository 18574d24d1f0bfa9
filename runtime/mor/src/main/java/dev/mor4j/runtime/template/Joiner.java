package dev.mor4j.runtime.template;

/** What {@code joiner()} makes: nothing at the first call, its separator afterwards. */
final class Joiner implements Value {
  private final Value separator;
  private boolean used;

  Joiner(Value separator) {
    this.separator = separator;
  }

  Value next() {
    if (used) {
      return separator;
    }
    used = true;
    return Text.EMPTY;
  }

  @Override
  public String type() {
    return "Joiner";
  }
}
