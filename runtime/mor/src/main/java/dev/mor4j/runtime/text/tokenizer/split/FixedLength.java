package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.utf8.Utf8;
import dev.mor4j.runtime.text.vocabulary.TokenSink;

/** Cuts pieces of a number of characters. */
record FixedLength(int characters, PieceConsumer next) implements PieceConsumer {
  static FixedLength read(Settings settings, PieceConsumer next) throws ModelFormatException {
    int characters = settings.has("length") ? settings.count("length") : 5;
    if (characters == 0) {
      throw settings.refuse("length", "at least 1");
    }
    return new FixedLength(characters, next);
  }

  @Override
  public void accept(byte[] text, int from, int to, int startEnd, TokenSink out) {
    int end = from;
    for (int start = from; start < to; start = end) {
      for (int i = 0; i < characters && end < to; i++) {
        end += Utf8.length(text[end]);
      }
      next.accept(text, start, end, startEnd, out);
    }
  }
}
