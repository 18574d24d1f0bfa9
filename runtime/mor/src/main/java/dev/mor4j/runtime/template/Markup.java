package dev.mor4j.runtime.template;

/** Texts that are safe in HTML. */
final class Markup {
  private Markup() {}

  /** {@code value} as safe markup: escaped unless it is safe. */
  static Text escape(Budget budget, Value value) {
    return value instanceof Text text && text.isSafe() ? text : force(budget, value);
  }

  static Text force(Budget budget, Value value) {
    Text text = Printing.string(budget, value);
    TextBuilder out = new TextBuilder(budget);
    for (int i = 0; i < text.length(); i++) {
      switch (text.at(i)) {
        case '&' -> out.add("&amp;");
        case '<' -> out.add("&lt;");
        case '>' -> out.add("&gt;");
        case '\'' -> out.add("&#39;");
        case '"' -> out.add("&#34;");
        default -> out.addRaw(text.raw(i));
      }
    }
    return out.text().safe(true);
  }
}
