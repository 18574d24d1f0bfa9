package dev.mor4j.runtime.template;

import java.util.List;

/**
 * Statements one after the other.
 *
 * @param part what is known of the names of the part of the template around the statements
 */
record Block(List<Statement> statements, Names.Part part) {
  /** A scope for this block, where it has one of its own. */
  Scope scope(Scope outer) {
    return new Scope(outer, part.hidden());
  }

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
