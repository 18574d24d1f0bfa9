package dev.mor4j.runtime.text.tokenizer.decode;

/**
 * The decoder BPEDecoder: makes spaces of the suffix that ends words; in the last token, nothing.
 * So the suffix is held back until another token comes.
 */
final class SuffixStep extends WholeTokenStep {
  private final String suffix;
  private String held;

  SuffixStep(DecodeStep next, String suffix) {
    super(next);
    this.suffix = suffix;
  }

  @Override
  void token(String token) {
    passHeld(" ");
    int end = token.indexOf(suffix);
    if (end < 0) {
      pass(token);
      passEnd();
    } else {
      pass(token.substring(0, end));
      held = token.substring(end);
    }
  }

  @Override
  void finish() {
    passHeld("");
    finishNext();
  }

  private void passHeld(String replacement) {
    if (held != null) {
      pass(held.replace(suffix, replacement));
      held = null;
      passEnd();
    }
  }
}
