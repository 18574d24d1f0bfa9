package dev.mor4j.runtime.text.tokenizer.decode;

/** Puts a space between tokens: what is done where a file names no decoder. */
final class SpacesStep extends DecodeStep {
  private boolean between;
  private boolean inside;

  SpacesStep(DecodeStep next) {
    super(next);
  }

  @Override
  void text(String part) {
    begin();
    pass(part);
  }

  @Override
  void end() {
    begin();
    inside = false;
    passEnd();
  }

  private void begin() {
    if (!inside) {
      inside = true;
      if (between) {
        pass(" ");
      }
      between = true;
    }
  }
}
