package dev.mor4j.runtime.text.vocabulary;

/**
 * Where a piece can be cut without any effect on its tokens: before a blank, a line break or the
 * sign that SentencePiece writes for a blank (U+2581), if no merge makes a token with this
 * character behind the byte before it. Any thread.
 *
 * <p>No merge reaches over such a border, for it would make a token that has both. That makes words
 * of the long pieces of vocabularies without a pre-tokenizer.
 */
final class WordBorders {
  private static final int SIGN_0 = 0xe2;
  private static final int SIGN_1 = 0x96;
  private static final int SIGN_2 = 0x81;

  // By the byte before: whether a token has the character behind it.
  private final boolean[] joinsBlank = new boolean[256];
  private final boolean[] joinsBreak = new boolean[256];
  private final boolean[] joinsSign = new boolean[256];
  private final boolean cutsBlank;
  private final boolean cutsBreak;
  private final boolean cutsSign;

  WordBorders(TokenTable tokens, MergeTable merges, int[] single) {
    for (int rank = 0; rank < merges.size(); rank++) {
      tokens.visit(merges.result(rank), this::note);
    }
    byte[] sign = {(byte) SIGN_0, (byte) SIGN_1, (byte) SIGN_2};
    // Characters that are tokens: what no token has before them ends here, too.
    cutsBlank = single[' '] >= 0;
    cutsBreak = single['\n'] >= 0;
    cutsSign = tokens.index(sign, 0, 3) >= 0;
  }

  private void note(byte[] token, int from, int to) {
    for (int i = from + 1; i < to; i++) {
      int before = token[i - 1] & 0xff;
      joinsBlank[before] |= token[i] == ' ';
      joinsBreak[before] |= token[i] == '\n';
      joinsSign[before] |= isSign(token, i, to);
    }
  }

  /** The first border behind {@code from}, or {@code to}. */
  int next(byte[] text, int from, int to) {
    for (int i = from + 1; i < to; i++) {
      byte b = text[i];
      if (b == ' ' || b == '\n') {
        boolean[] joins = b == ' ' ? joinsBlank : joinsBreak;
        if ((b == ' ' ? cutsBlank : cutsBreak) && !joins[text[i - 1] & 0xff]) {
          return i;
        }
      } else if (b == (byte) SIGN_0
          && cutsSign
          && isSign(text, i, to)
          && !joinsSign[text[i - 1] & 0xff]) {
        return i;
      }
    }
    return to;
  }

  private static boolean isSign(byte[] text, int at, int to) {
    return at + 2 < to
        && text[at] == (byte) SIGN_0
        && text[at + 1] == (byte) SIGN_1
        && text[at + 2] == (byte) SIGN_2;
  }
}
