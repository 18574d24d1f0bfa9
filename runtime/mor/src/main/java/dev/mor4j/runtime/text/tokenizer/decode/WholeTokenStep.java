package dev.mor4j.runtime.text.tokenizer.decode;

/** A step that looks at whole tokens, and therefore waits for their ends. */
abstract class WholeTokenStep extends DecodeStep {
  private final StringBuilder parts = new StringBuilder();
  private String only;

  WholeTokenStep(DecodeStep next) {
    super(next);
  }

  @Override
  final void text(String part) {
    if (only == null && parts.isEmpty()) {
      only = part;
      return;
    }
    if (only != null) {
      parts.append(only);
      only = null;
    }
    parts.append(part);
  }

  @Override
  final void end() {
    String token = only != null ? only : parts.toString();
    only = null;
    parts.setLength(0);
    token(token);
  }

  /** Takes a token. */
  abstract void token(String token);
}
