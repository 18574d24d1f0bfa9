package dev.mor4j.runtime.text.tokenizer.decode;

/** Makes one token of all. */
final class FuseStep extends DecodeStep {
  FuseStep(DecodeStep next) {
    super(next);
  }

  @Override
  void text(String part) {
    pass(part);
  }

  @Override
  void end() {}

  @Override
  void finish() {
    passEnd();
    finishNext();
  }
}
