package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.text.vocabulary.TokenSink;

/**
 * Cuts a piece before every {@code ▁} that stands behind another character. A model gives the same
 * ids with and without that cut where none of its merges joins a character and a {@code ▁} behind
 * it; but words are short, and come again. Texts of vocabularies of SentencePiece are one long
 * piece otherwise.
 */
public record WordStarts(PieceConsumer next) implements PieceConsumer {
  /** The character that stands for a space. */
  public static final String MARK = "\u2581";

  // The mark's bytes in UTF-8.
  private static final byte FIRST = (byte) 0xE2;
  private static final byte SECOND = (byte) 0x96;
  private static final byte THIRD = (byte) 0x81;
  private static final int LENGTH = 3;

  /** Whether {@code text[from, to)} would be cut. */
  public static boolean cuts(byte[] text, int from, int to) {
    return nextCut(text, from, from + 1, to) < to;
  }

  @Override
  public void accept(byte[] text, int from, int to, int startEnd, TokenSink out) {
    int start = from;
    while (start < to) {
      int cut = nextCut(text, start, start + 1, to);
      next.accept(text, start, cut, startEnd, out);
      start = cut;
    }
  }

  /** The first cut at {@code at} or behind it in {@code text[from, to)}, or {@code to}. */
  private static int nextCut(byte[] text, int from, int at, int to) {
    for (int i = at; i + LENGTH <= to; i++) {
      if (text[i] == FIRST
          && isMark(text, i)
          && !(i - from >= LENGTH && isMark(text, i - LENGTH))) {
        return i;
      }
    }
    return to;
  }

  private static boolean isMark(byte[] text, int at) {
    return text[at] == FIRST && text[at + 1] == SECOND && text[at + 2] == THIRD;
  }
}
