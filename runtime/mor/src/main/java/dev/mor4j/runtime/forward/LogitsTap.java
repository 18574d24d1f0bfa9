package dev.mor4j.runtime.forward;

/** Sees logits before a token is chosen by them; for checks. */
@FunctionalInterface
public interface LogitsTap {
  /**
   * Sees the logits of one token.
   *
   * @param index of the token among those that are chosen together
   * @param logits its V logits lie from {@code logits[from]} on
   */
  void accept(int index, float[] logits, int from);
}
