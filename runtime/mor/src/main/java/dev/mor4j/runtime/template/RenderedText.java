package dev.mor4j.runtime.template;

import java.util.List;

/**
 * What a template gives.
 *
 * @param text the text
 * @param given the parts of it that came from messages, tools and documents, in {@code char}s of
 *     {@code text}, in order; the template wrote all others
 * @param generated what {@code generation} blocks enclose, in code points of {@code text}, in the
 *     order in which the blocks ended
 */
public record RenderedText(String text, List<Span> given, List<Span> generated) {
  /** Copies the lists. */
  public RenderedText {
    given = List.copyOf(given);
    generated = List.copyOf(generated);
  }

  /**
   * A part of a text.
   *
   * @param begin where it begins
   * @param end where it ends, behind its last position
   */
  public record Span(int begin, int end) {}
}
