package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.text.vocabulary.TokenSink;

/** Puts a space in front of a piece that does not begin with one. */
record PrefixSpace(PieceConsumer next) implements PieceConsumer {
  @Override
  public void accept(byte[] text, int from, int to, int startEnd, TokenSink out) {
    if (text[from] == ' ') {
      next.accept(text, from, to, startEnd, out);
      return;
    }
    byte[] spaced = new byte[to - from + 1];
    spaced[0] = ' ';
    System.arraycopy(text, from, spaced, 1, to - from);
    next.accept(spaced, 0, spaced.length, startEnd > from ? startEnd - from + 1 : 0, out);
  }
}
