package dev.mor4j.runtime.template;

import java.util.Iterator;

/**
 * Values that come one after the other, once. To read one may read others, so each level counts as
 * nested as deeply as its calls are.
 */
final class Generator implements Value {
  /** Evaluations that need as much stack as one generator within another. */
  private static final int LEVELS = 4;

  private final Iterator<Value> values;

  Generator(Budget budget, Iterator<Value> values) {
    this.values =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            budget.enter(LEVELS);
            boolean more = values.hasNext();
            budget.leave(LEVELS);
            return more;
          }

          @Override
          public Value next() {
            budget.enter(LEVELS);
            Value value = values.next();
            budget.leave(LEVELS);
            return value;
          }
        };
  }

  Iterator<Value> values() {
    return values;
  }

  @Override
  public String type() {
    return "generator";
  }
}
