package dev.mor4j.runtime.template;

import java.util.List;

/** A list or a tuple; neither changes, as Jinja's immutable sandbox has it. */
final class Sequence implements Value {
  /** What prints and compares as what. */
  enum Form {
    LIST,
    TUPLE,
    /** A tuple whose parts have the names {@code grouper} and {@code list}. */
    GROUP
  }

  private final List<Value> items;
  private final Form form;

  Sequence(List<Value> items, Form form) {
    this.items = items;
    this.form = form;
  }

  static Sequence list(List<Value> items) {
    return new Sequence(items, Form.LIST);
  }

  static Sequence tuple(Value... items) {
    return new Sequence(List.of(items), Form.TUPLE);
  }

  List<Value> items() {
    return items;
  }

  Form form() {
    return form;
  }

  boolean isTuple() {
    return form != Form.LIST;
  }

  int size() {
    return items.size();
  }

  @Override
  public String type() {
    return form == Form.LIST ? "list" : form == Form.TUPLE ? "tuple" : "_GroupTuple";
  }
}
