package dev.mor4j.runtime.template;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;

/** One rendering of a template: its budget, the time that it sees, and the text so far. */
final class Rendering {
  private final Budget budget;
  private final LocalDateTime now;
  private final TextBuilder output;
  private final List<RenderedText.Span> generated = new ArrayList<>();

  Rendering(Budget budget, LocalDateTime now) {
    this.budget = budget;
    this.now = now;
    this.output = TextBuilder.output(budget);
  }

  Budget budget() {
    return budget;
  }

  LocalDateTime now() {
    return now;
  }

  TextBuilder output() {
    return output;
  }

  List<RenderedText.Span> generated() {
    return generated;
  }
}
