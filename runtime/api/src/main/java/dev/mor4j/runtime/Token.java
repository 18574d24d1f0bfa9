package dev.mor4j.runtime;

import dev.mor4j.runtime.text.GeneratedText;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A generated token.
 *
 * @param id its number in the vocabulary
 * @param text the text that became certain with it: whole characters only, held back while it may
 *     be the beginning of a stop string; often one word piece, sometimes empty. Joined, the texts
 *     are the generated text
 * @param depth in how many recursions the position that predicted it took part
 * @param position its place in the session
 */
public record Token(int id, String text, int depth, int position) {
  public Token {
    Objects.requireNonNull(text, "text");
  }

  /** Token {@code index} of a generation, whose text was made. */
  static Token of(GeneratedText generated, int index) {
    return new Token(
        generated.id(index),
        generated.text(index),
        generated.depth(index),
        generated.position(index));
  }

  /** All tokens of a generation whose texts were made. */
  static List<Token> allOf(GeneratedText generated) {
    return IntStream.range(0, generated.textCount()).mapToObj(i -> of(generated, i)).toList();
  }
}
