package dev.mor4j.runtime.text.tokenizer.decode;

/**
 * One step from tokens to text. It takes tokens, which come in one or more parts each, and passes
 * other tokens on to the next step as soon as they are certain. No part ends inside a surrogate
 * pair. It belongs to one sequence of tokens and to one thread.
 */
abstract class DecodeStep {
  private final DecodeStep next;

  /**
   * @param next takes what this step makes; null for the last one
   */
  DecodeStep(DecodeStep next) {
    this.next = next;
  }

  /** Takes a part of a token. */
  abstract void text(String part);

  /** The token is complete. A token without a part is the empty one. */
  abstract void end();

  /** There is no other token. */
  void finish() {
    finishNext();
  }

  final void pass(String part) {
    if (!part.isEmpty()) {
      next.text(part);
    }
  }

  final void passEnd() {
    next.end();
  }

  final void finishNext() {
    if (next != null) {
      next.finish();
    }
  }

  /** A kind of step, from which one is made for each sequence of tokens. Immutable; any thread. */
  @FunctionalInterface
  interface Factory {
    DecodeStep create(DecodeStep next);
  }
}
