package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.text.utf8.Utf8;
import java.util.Arrays;

/** The models WORD and CHAR. */
final class SimpleSegmenters {
  private SimpleSegmenters() {}

  /** Each character is a piece, and so is each symbol that the user defined. */
  static Segmenter characters(PieceTable pieces) {
    return (text, from, to, out) -> {
      for (int i = from; i < to; ) {
        int symbol = pieces.userDefined().longestPrefix(text, i, to);
        int end = symbol > 0 ? i + symbol : Math.min(i + Utf8.length(text[i]), to);
        out.piece(pieces.id(text, i, end), i, end);
        i = end;
      }
    };
  }

  /** Each word is a piece, with the blank in front of it. */
  static Segmenter words(PieceTable pieces) {
    byte[] blank = TextNormalizer.BLANK;
    return (text, from, to, out) -> {
      int begin = from;
      for (int i = from + 1; i <= to; i++) {
        boolean ends =
            i == to
                || (to - i >= blank.length
                    && Arrays.equals(text, i, i + blank.length, blank, 0, blank.length));
        if (ends && begin < i) {
          out.piece(pieces.id(text, begin, i), begin, i);
          begin = i;
        }
      }
    };
  }
}
