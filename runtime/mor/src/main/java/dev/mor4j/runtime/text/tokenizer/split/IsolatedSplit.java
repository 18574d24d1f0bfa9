package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.text.tokenizer.match.Finder;
import dev.mor4j.runtime.text.utf8.Utf8;
import dev.mor4j.runtime.text.vocabulary.TokenSink;

/**
 * Cuts pieces at the matches of a pattern; matches are pieces, too. This is what most byte-level
 * tokenizers do with every text, so it is written out.
 */
record IsolatedSplit(Finder finder, PieceConsumer next) implements PieceConsumer {
  @Override
  public void accept(byte[] text, int from, int to, int startEnd, TokenSink out) {
    int cut = from;
    int at = from;
    while (at < to) {
      long match = finder.find(text, at, to);
      if (match == Finder.NONE) {
        break;
      }
      int start = Finder.start(match);
      int end = Finder.end(match);
      if (cut < start) {
        next.accept(text, cut, start, startEnd, out);
      }
      if (start < end) {
        next.accept(text, start, end, startEnd, out);
        at = end;
      } else {
        // An empty match cuts. It would be found there again, so the search goes on behind the
        // next character.
        at = end < to ? end + Utf8.length(text[end]) : to;
      }
      cut = end;
    }
    if (cut < to) {
      next.accept(text, cut, to, startEnd, out);
    }
  }
}
