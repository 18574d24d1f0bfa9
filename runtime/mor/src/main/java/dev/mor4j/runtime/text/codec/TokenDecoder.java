package dev.mor4j.runtime.text.codec;

/**
 * Decodes one sequence of token ids piece by piece. The pieces joined are the text of the whole
 * sequence, and no piece ends inside a surrogate pair. One thread.
 */
public interface TokenDecoder {
  /** Takes the next id and appends what is certain now. An id that no token has is left out. */
  void add(int id, StringBuilder out);

  /** Appends the rest, as the end of the sequence makes it; nothing may be added after it. */
  void finish(StringBuilder out);
}
