package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.text.unigram.PieceSink;

/** Cuts a normalized text into pieces. Immutable; any thread. */
@FunctionalInterface
interface Segmenter {
  /** Passes on the pieces of {@code text[from, to)}, which is UTF-8. */
  void segment(byte[] text, int from, int to, PieceSink out);
}
