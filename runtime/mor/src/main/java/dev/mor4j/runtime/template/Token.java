package dev.mor4j.runtime.template;

/**
 * A piece of a template.
 *
 * @param text the word, the operator, or the unescaped text
 * @param number of a number, otherwise null
 */
record Token(Type type, String text, Value number, int line) {
  /** What a token is. */
  enum Type {
    DATA("template data"),
    VARIABLE_BEGIN("begin of print statement"),
    VARIABLE_END("end of print statement"),
    BLOCK_BEGIN("begin of statement block"),
    BLOCK_END("end of statement block"),
    NAME("name"),
    STRING("string"),
    NUMBER("number"),
    OPERATOR("operator"),
    END("end of template");

    private final String label;

    Type(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  boolean is(Type wanted) {
    return type == wanted;
  }

  boolean isName(String name) {
    return type == Type.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return type == Type.OPERATOR && text.equals(operator);
  }

  /** How messages call it. */
  String description() {
    return type == Type.NAME || type == Type.OPERATOR ? "'" + text + "'" : type.label();
  }
}
