package dev.mor4j.runtime.text.vocabulary;

/** Cuts one piece of text, which a pre-tokenizer has made, into tokens. Immutable; any thread. */
public interface TokenModel {
  /**
   * Adds the ids of {@code text[from, to)}, which is UTF-8.
   *
   * @param out receives the ids
   */
  void tokenize(byte[] text, int from, int to, TokenSink out);
}
