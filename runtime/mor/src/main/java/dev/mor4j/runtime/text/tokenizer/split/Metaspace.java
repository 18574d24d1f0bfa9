package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.match.Finder;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.utf8.ByteText;
import dev.mor4j.runtime.text.utf8.Utf8;
import dev.mor4j.runtime.text.vocabulary.TokenSink;

/**
 * Writes spaces as another character, and puts one in front of a piece that does not begin with
 * one.
 */
final class Metaspace implements PieceConsumer {
  private final byte[] replacement;
  private final Prepend prepend;
  private final PieceConsumer next;

  /**
   * @param replacement the other character, in UTF-8
   * @param prepend which pieces get one in front
   */
  private Metaspace(byte[] replacement, Prepend prepend, PieceConsumer next) {
    this.replacement = replacement;
    this.prepend = prepend;
    this.next = next;
  }

  /** Which pieces get a replaced space in front. */
  enum Prepend {
    /** All. */
    ALWAYS,
    /** The one at the start of the text. */
    FIRST,
    /** None. */
    NEVER
  }

  static PieceConsumer read(Settings settings, PieceConsumer next) throws ModelFormatException {
    String replacement = Character.toString(settings.character("replacement"));
    Prepend prepend = prepend(settings);
    PieceConsumer last =
        settings.flag("split", true)
            ? Split.of(Finder.text(replacement), Behavior.MERGED_WITH_NEXT, false, next)
            : next;
    return new Metaspace(Utf8.encode(replacement), prepend, last);
  }

  /** Which pieces get one in front, as newer files and older ones say it. */
  static Prepend prepend(Settings settings) throws ModelFormatException {
    Prepend prepend =
        switch (settings.text("prepend_scheme", "always")) {
          case "always" -> Prepend.ALWAYS;
          case "first" -> Prepend.FIRST;
          case "never" -> Prepend.NEVER;
          default -> throw settings.refuse("prepend_scheme", "always, first or never");
        };
    if (!settings.flag("add_prefix_space", true)) {
      if (prepend != Prepend.NEVER && settings.has("prepend_scheme")) {
        throw settings.refuse("prepend_scheme", "never, as add_prefix_space is false");
      }
      return Prepend.NEVER;
    }
    return prepend;
  }

  @Override
  public void accept(byte[] text, int from, int to, int startEnd, TokenSink out) {
    var replaced = new ByteText(to - from + replacement.length + ((to - from) >> 1));
    boolean begins = text[from] == ' ' || startsWith(text, from, to);
    boolean start = startEnd > from;
    if (!begins && (prepend == Prepend.ALWAYS || (prepend == Prepend.FIRST && start))) {
      replaced.add(replacement);
    }
    int startOut = 0;
    int copied = from;
    for (int i = from; i < to; i++) {
      if (start && i == startEnd) {
        startOut = replaced.size() + i - copied;
      }
      if (text[i] == ' ') {
        replaced.add(text, copied, i);
        replaced.add(replacement);
        copied = i + 1;
      }
    }
    replaced.add(text, copied, to);
    if (start && startEnd >= to) {
      startOut = replaced.size();
    }
    next.accept(replaced.array(), 0, replaced.size(), startOut, out);
  }

  private boolean startsWith(byte[] text, int from, int to) {
    if (to - from < replacement.length) {
      return false;
    }
    for (int i = 0; i < replacement.length; i++) {
      if (text[from + i] != replacement[i]) {
        return false;
      }
    }
    return true;
  }
}
