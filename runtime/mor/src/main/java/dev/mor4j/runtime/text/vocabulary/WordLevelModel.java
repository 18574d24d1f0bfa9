package dev.mor4j.runtime.text.vocabulary;

/** A piece is one token, or the unknown one. Immutable; any thread. */
public final class WordLevelModel implements TokenModel {
  private final TokenTable tokens;
  private final int unknownId;

  /**
   * @param tokens all tokens in UTF-8; nothing may be added to it any more
   * @param unknownId the id of the unknown token; negative: a piece that is no token is an error
   */
  public WordLevelModel(TokenTable tokens, int unknownId) {
    this.tokens = tokens;
    this.unknownId = unknownId;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException when the piece is no token, and there is no unknown token
   */
  @Override
  public void tokenize(byte[] text, int from, int to, TokenSink out) {
    int id = tokens.id(text, from, to);
    if (id < 0 && unknownId < 0) {
      throw new IllegalArgumentException(
          "the text has a word that is not in the vocabulary, which has no unknown token");
    }
    out.add(id < 0 ? unknownId : id);
  }
}
