package dev.mor4j.runtime.text.tokenizer.decode;

import dev.mor4j.runtime.text.utf8.LossyDecoder;

/**
 * Makes characters of tokens such as {@code <0xE2>}. A run of them is one token where it is valid
 * UTF-8 as a whole; otherwise each of them is a token of U+FFFD, also those of valid characters. So
 * a run is held back as long as it may be valid.
 */
final class ByteFallbackStep extends DecodeStep {
  private static final int LENGTH = 6;

  private final StringBuilder token = new StringBuilder(LENGTH);
  // Whether the token at hand cannot be that of a byte, and its parts are passed on.
  private boolean open;
  private LossyDecoder decoder = new LossyDecoder();
  private final StringBuilder run = new StringBuilder();
  private int held;
  private boolean broken;

  ByteFallbackStep(DecodeStep next) {
    super(next);
  }

  @Override
  void text(String part) {
    if (open) {
      pass(part);
      return;
    }
    if (token.length() + part.length() > LENGTH) {
      open();
      pass(part);
      return;
    }
    token.append(part);
  }

  @Override
  void end() {
    int b = open ? -1 : byteOf(token);
    if (b >= 0) {
      token.setLength(0);
      add(b);
      return;
    }
    if (!open) {
      open();
    }
    open = false;
    passEnd();
  }

  @Override
  void finish() {
    endRun();
    finishNext();
  }

  private void open() {
    endRun();
    open = true;
    pass(token.toString());
    token.setLength(0);
  }

  private void add(int b) {
    if (!broken && !decoder.accepts(b)) {
      breakRun();
    }
    if (broken) {
      passReplacement();
      return;
    }
    decoder.add(b, run);
    held++;
  }

  private void breakRun() {
    for (; held > 0; held--) {
      passReplacement();
    }
    broken = true;
  }

  private void endRun() {
    if (held > 0 && decoder.isInside()) {
      breakRun();
    }
    if (held > 0) {
      pass(run.toString());
      passEnd();
    }
    held = 0;
    run.setLength(0);
    decoder = new LossyDecoder();
    broken = false;
  }

  private void passReplacement() {
    pass("\uFFFD");
    passEnd();
  }

  /** The byte that a token stands for, or -1. Rust's parser of numbers takes a sign, too. */
  private static int byteOf(CharSequence token) {
    if (token.length() != LENGTH
        || token.charAt(0) != '<'
        || token.charAt(1) != '0'
        || token.charAt(2) != 'x'
        || token.charAt(5) != '>') {
      return -1;
    }
    int low = digit(token.charAt(4));
    if (low < 0) {
      return -1;
    }
    if (token.charAt(3) == '+') {
      return low;
    }
    int high = digit(token.charAt(3));
    return high < 0 ? -1 : high << 4 | low;
  }

  private static int digit(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }
}
