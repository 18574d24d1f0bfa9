package dev.mor4j.runtime.text.tokenizer.decode;

/** Joins the parts of words, which have a prefix, and puts spaces before other tokens. */
final class WordPieceStep extends WholeTokenStep {
  private final String prefix;
  private final boolean cleanup;
  private boolean first = true;

  WordPieceStep(DecodeStep next, String prefix, boolean cleanup) {
    super(next);
    this.prefix = prefix;
    this.cleanup = cleanup;
  }

  @Override
  void token(String token) {
    String text = token;
    if (!first) {
      text = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
    }
    first = false;
    pass(cleanup ? clean(text) : text);
    passEnd();
  }

  /** Takes away the spaces that the cutting of English left. */
  static String clean(String text) {
    return text.replace(" .", ".")
        .replace(" ?", "?")
        .replace(" !", "!")
        .replace(" ,", ",")
        .replace(" ' ", "'")
        .replace(" n't", "n't")
        .replace(" 'm", "'m")
        .replace(" do not", " don't")
        .replace(" 's", "'s")
        .replace(" 've", "'ve")
        .replace(" 're", "'re");
  }
}
