package dev.mor4j.runtime.template;

/** A part of the tree that has a value. */
abstract class Expression {
  /** Levels of the tree below this one, and this one. */
  private final int depth;

  Expression(int depth, int line) {
    this.depth = depth;
    if (depth > Parser.MAX_DEPTH) {
      throw TemplateException.syntax(
          "an expression has more than " + Parser.MAX_DEPTH + " levels", line);
    }
  }

  static int deepest(Iterable<? extends Expression> expressions) {
    int depth = 0;
    for (Expression expression : expressions) {
      if (expression != null) {
        depth = Math.max(depth, expression.depth);
      }
    }
    return depth;
  }

  int depth() {
    return depth;
  }

  final Value evaluate(Rendering rendering, Scope scope) {
    Budget budget = rendering.budget();
    budget.step();
    budget.enter();
    Value value = compute(rendering, scope);
    budget.leave();
    return value;
  }

  abstract Value compute(Rendering rendering, Scope scope);
}
