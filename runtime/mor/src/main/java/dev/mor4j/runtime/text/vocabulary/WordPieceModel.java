package dev.mor4j.runtime.text.vocabulary;

import java.nio.charset.StandardCharsets;

/**
 * A piece is cut into the longest tokens from left to right; if that does not come out even, it is
 * the unknown token. Immutable; any thread.
 */
public final class WordPieceModel implements TokenModel {
  private final TokenTable tokens;
  private final int unknownId;
  private final byte[] prefix;
  private final int maxCharacters;
  private final int longest;

  /**
   * @param tokens all tokens in UTF-8; nothing may be added to it any more
   * @param unknownId the id of the unknown token; negative: a piece that cannot be cut is an error
   * @param prefix stands before each token but a piece's first; may be empty
   * @param maxCharacters a piece with more characters is the unknown token
   */
  public WordPieceModel(TokenTable tokens, int unknownId, String prefix, int maxCharacters) {
    this.tokens = tokens;
    this.unknownId = unknownId;
    this.prefix = prefix.getBytes(StandardCharsets.UTF_8);
    this.maxCharacters = maxCharacters;
    longest = tokens.longest();
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException when the piece cannot be cut, and there is no unknown token
   */
  @Override
  public void tokenize(byte[] text, int from, int to, TokenSink out) {
    int[] ids = cut(text, from, to);
    if (ids == null && unknownId < 0) {
      throw new IllegalArgumentException(
          "the text has a word that is not in the vocabulary, which has no unknown token");
    }
    if (ids == null) {
      out.add(unknownId);
      return;
    }
    for (int id : ids) {
      out.add(id);
    }
  }

  private int[] cut(byte[] text, int from, int to) {
    int characters = 0;
    for (int i = from; i < to; i++) {
      characters += (text[i] & 0xc0) == 0x80 ? 0 : 1;
    }
    if (characters > maxCharacters) {
      return null;
    }
    TokenSink ids = new TokenSink(Integer.MAX_VALUE);
    byte[] part = new byte[longest];
    for (int start = from; start < to; ) {
      int begin = start == from ? 0 : Math.min(prefix.length, longest);
      System.arraycopy(prefix, 0, part, 0, begin);
      int length = Math.min(longest - begin, to - start);
      System.arraycopy(text, start, part, begin, length);
      while (length > 0 && start + length < to && (text[start + length] & 0xc0) == 0x80) {
        length--;
      }
      int id = -1;
      while (length > 0 && (id = tokens.id(part, 0, begin + length)) < 0) {
        length--;
        while (length > 0 && (text[start + length] & 0xc0) == 0x80) {
          length--;
        }
      }
      if (id < 0) {
        return null;
      }
      ids.add(id);
      start += length;
    }
    return ids.toArray();
  }
}
