package dev.mor4j.runtime.template;

import java.util.List;

/** Statements one after the other. */
record Block(List<Statement> statements) {
  Statement.Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
    for (Statement statement : statements) {
      rendering.budget().step();
      Statement.Flow flow;
      try {
        flow = statement.execute(rendering, scope, out);
      } catch (TemplateException e) {
        throw e.at(statement.line());
      }
      if (flow != Statement.Flow.NEXT) {
        return flow;
      }
    }
    return Statement.Flow.NEXT;
  }
}
