package dev.mor4j.runtime.template;

/** A part of the tree that does something. */
abstract class Statement {
  /** How the statements after this one go on. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  private final int line;

  Statement(int line) {
    this.line = line;
  }

  int line() {
    return line;
  }

  abstract Flow execute(Rendering rendering, Scope scope, TextBuilder out);
}
