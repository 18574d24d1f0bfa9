package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.text.vocabulary.TokenSink;

/**
 * Takes the pieces of a text, one behind the other: a pre-tokenizer, which cuts them further and
 * passes them on, or the model, which is last. Immutable; any thread.
 */
@FunctionalInterface
public interface PieceConsumer {
  /**
   * Takes {@code text[from, to)}, which is UTF-8 and not empty.
   *
   * @param startEnd where that ends in {@code text} which stands for the first character of the
   *     whole text: a piece that begins before it is at the start of the text
   * @param out receives the ids
   */
  void accept(byte[] text, int from, int to, int startEnd, TokenSink out);
}
