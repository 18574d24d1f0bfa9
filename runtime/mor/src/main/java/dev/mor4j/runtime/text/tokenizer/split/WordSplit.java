package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.text.unicode.CharacterClasses;
import dev.mor4j.runtime.text.utf8.Utf8;
import dev.mor4j.runtime.text.utf8.WordCharacters;
import dev.mor4j.runtime.text.vocabulary.TokenSink;

/** The pre-tokenizer Whitespace: pieces are the matches of {@code \w+|[^\w\s]+}. */
record WordSplit(PieceConsumer next) implements PieceConsumer {
  private static final int BLANK = 0;
  private static final int WORD = 1;
  private static final int OTHER = 2;

  @Override
  public void accept(byte[] text, int from, int to, int startEnd, TokenSink out) {
    int start = from;
    int kind = BLANK;
    for (int i = from; i < to; i += Utf8.length(text[i])) {
      int nextKind = kind(Utf8.codePointAt(text, i));
      if (nextKind != kind) {
        if (kind != BLANK) {
          next.accept(text, start, i, startEnd, out);
        }
        start = i;
        kind = nextKind;
      }
    }
    if (kind != BLANK) {
      next.accept(text, start, to, startEnd, out);
    }
  }

  private static int kind(int codePoint) {
    if (WordCharacters.contains(codePoint)) {
      return WORD;
    }
    return CharacterClasses.isWhitespace(codePoint) ? BLANK : OTHER;
  }
}
