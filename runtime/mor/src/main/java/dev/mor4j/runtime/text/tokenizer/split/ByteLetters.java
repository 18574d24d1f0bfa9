package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.text.utf8.ByteAlphabet;
import dev.mor4j.runtime.text.utf8.ByteText;
import dev.mor4j.runtime.text.vocabulary.TokenSink;

/** Writes a piece's bytes as the letters of {@link ByteAlphabet}, for models of such letters. */
record ByteLetters(PieceConsumer next) implements PieceConsumer {
  @Override
  public void accept(byte[] text, int from, int to, int startEnd, TokenSink out) {
    var letters = new ByteText(2 * (to - from));
    int start = 0;
    if (startEnd > from) {
      ByteAlphabet.write(text, from, Math.min(startEnd, to), letters);
      start = letters.size();
      ByteAlphabet.write(text, Math.min(startEnd, to), to, letters);
    } else {
      ByteAlphabet.write(text, from, to, letters);
    }
    next.accept(letters.array(), 0, letters.size(), start, out);
  }
}
