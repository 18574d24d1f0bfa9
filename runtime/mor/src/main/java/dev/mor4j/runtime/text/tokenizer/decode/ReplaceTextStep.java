package dev.mor4j.runtime.text.tokenizer.decode;

/** Puts a text in the place of another in each token; holds back what may be its beginning. */
final class ReplaceTextStep extends DecodeStep {
  private final String wanted;
  private final int[] borders;
  private final String content;
  private int matched;

  /**
   * @param borders of {@code wanted}, by {@link #borders}
   */
  ReplaceTextStep(DecodeStep next, String wanted, int[] borders, String content) {
    super(next);
    this.wanted = wanted;
    this.borders = borders;
    this.content = content;
  }

  /**
   * For each length of a beginning of {@code wanted}: the longest shorter beginning that is its
   * end, too, or -1.
   *
   * <p>Source: Knuth, Morris and Pratt, "Fast pattern matching in strings" (1977).
   */
  static int[] borders(String wanted) {
    int[] borders = new int[wanted.length() + 1];
    borders[0] = -1;
    for (int i = 0, border = -1; i < wanted.length(); borders[++i] = ++border) {
      while (border >= 0 && wanted.charAt(border) != wanted.charAt(i)) {
        border = borders[border];
      }
    }
    return borders;
  }

  @Override
  void text(String part) {
    if (matched == 0 && part.indexOf(wanted.charAt(0)) < 0) {
      pass(part);
      return;
    }
    var out = new StringBuilder(part.length() + matched);
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      while (matched >= 0 && wanted.charAt(matched) != c) {
        int shorter = borders[matched];
        if (shorter < 0) {
          out.append(c);
        } else {
          out.append(wanted, 0, matched - shorter);
        }
        matched = shorter;
      }
      if (++matched == wanted.length()) {
        out.append(content);
        matched = 0;
      }
    }
    pass(out.toString());
  }

  @Override
  void end() {
    pass(wanted.substring(0, matched));
    matched = 0;
    passEnd();
  }
}
