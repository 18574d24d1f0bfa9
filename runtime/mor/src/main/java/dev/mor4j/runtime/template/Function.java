package dev.mor4j.runtime.template;

/** A function or a method of the language. */
record Function(String name, Body body) implements Value {
  /** What a function does. */
  @FunctionalInterface
  interface Body {
    Value call(Rendering rendering, Arguments arguments);
  }

  @Override
  public String type() {
    return "function";
  }
}
