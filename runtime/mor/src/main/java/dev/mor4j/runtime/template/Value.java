package dev.mor4j.runtime.template;

/**
 * What a template computes with. The types are these and no others, so nothing of the host can be
 * reached from a template. All but {@link Namespace}, {@link Generator}, {@link Loop}, {@link
 * Cycler} and {@link Joiner} are immutable.
 */
sealed interface Value
    permits Value.None,
        Value.Bool,
        Int,
        Value.Real,
        Text,
        Sequence,
        Dictionary,
        DictionaryView,
        Range,
        Undefined,
        Namespace,
        Generator,
        Loop,
        Macro,
        Function,
        Cycler,
        Joiner {

  /** The name of the type in messages, which is Python's. */
  String type();

  /** Nothing. */
  enum None implements Value {
    NONE;

    @Override
    public String type() {
      return "NoneType";
    }
  }

  /** A truth value; where a number is wanted it is 0 or 1. */
  enum Bool implements Value {
    FALSE,
    TRUE;

    static Bool of(boolean value) {
      return value ? TRUE : FALSE;
    }

    /** 0 or 1. */
    int number() {
      return this == TRUE ? 1 : 0;
    }

    @Override
    public String type() {
      return "bool";
    }
  }

  /** A number in floating point. */
  record Real(double value) implements Value {
    @Override
    public String type() {
      return "float";
    }
  }
}
