package dev.mor4j.runtime.template;

/**
 * What a name or an attribute gives that is not there: it prints as nothing and fails when used.
 */
record Undefined(String reason) implements Value {
  static Undefined name(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  static Undefined attribute(Value of, String name) {
    String object =
        of instanceof None
            ? "None"
            : of instanceof Dictionary ? "dict object" : of.type() + " object";
    return new Undefined("'" + object + "' has no attribute '" + name + "'");
  }

  static Undefined unsafe(Value of, String name) {
    return new Undefined(
        "access to attribute '" + name + "' of '" + of.type() + "' object is unsafe.");
  }

  TemplateException failure() {
    return TemplateException.runtime(reason);
  }

  @Override
  public String type() {
    return "Undefined";
  }
}
