package dev.mor4j.runtime.template;

import dev.mor4j.runtime.template.RenderedText.Span;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A template: parsed once, rendered by any threads at the same time. */
public final class Template {
  private final Block body;

  private Template(Block body) {
    this.body = body;
  }

  /**
   * The template that {@code source} is.
   *
   * @throws TemplateException where it is none, or nests too deeply
   */
  public static Template parse(String source) {
    Objects.requireNonNull(source, "source");
    try {
      return new Template(Parser.parse(source));
    } catch (StackOverflowError e) {
      // The bounds of the parser come first on all but the smallest stacks.
      throw TemplateException.syntax("the template nests too deeply", 0);
    }
  }

  /**
   * Renders the template.
   *
   * @param data variables from others, such as messages: the parts of the text that come from them
   *     are told
   * @param variables variables of the caller's own, such as special tokens; they go before {@code
   *     data}
   * @param now what {@code strftime_now} sees
   * @throws TemplateException where the template raises it, fails, or exhausts a budget
   * @throws IllegalArgumentException where a variable is no plain value
   */
  public RenderedText render(Map<String, ?> data, Map<String, ?> variables, LocalDateTime now) {
    Objects.requireNonNull(now, "now");
    Budget budget = new Budget();
    Rendering rendering = new Rendering(budget, now);
    Scope scope = new Scope(Globals.scope());
    define(scope, data, new PlainValues(true), budget);
    define(scope, variables, new PlainValues(false), budget);
    try {
      body.execute(rendering, body.scope(scope), rendering.output());
      return rendered(rendering);
    } catch (StackOverflowError e) {
      throw TemplateException.limit("the template nests too deeply");
    } catch (ClassCastException
        | IndexOutOfBoundsException
        | NullPointerException
        | ArithmeticException
        | IllegalArgumentException e) {
      // Whatever this code may have overlooked: the template's user learns nothing of the host.
      throw new TemplateException("the template cannot be rendered", e);
    }
  }

  private static void define(
      Scope scope, Map<String, ?> variables, PlainValues values, Budget budget) {
    variables.forEach((name, value) -> scope.set(name, values.of(value)));
    budget.grow(values.size());
  }

  private static RenderedText rendered(Rendering rendering) {
    Text text = rendering.output().text();
    StringBuilder out = new StringBuilder(text.length());
    List<Span> given = new ArrayList<>();
    int begin = -1;
    for (int i = 0; i < text.length(); i++) {
      boolean marked = (text.raw(i) & Text.GIVEN) != 0;
      if (marked && begin < 0) {
        begin = out.length();
      } else if (!marked && begin >= 0) {
        given.add(new Span(begin, out.length()));
        begin = -1;
      }
      out.appendCodePoint(text.at(i));
    }
    if (begin >= 0) {
      given.add(new Span(begin, out.length()));
    }
    return new RenderedText(out.toString(), given, rendering.generated());
  }
}
