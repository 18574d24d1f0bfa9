package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.engine.FinishReason;

/** Is told what becomes of a sequence, on the scheduling thread. Must not block or throw. */
public interface SequenceListener {
  /**
   * It runs for the first time.
   *
   * @param cachedTokens tokens of its prompt that the prefix cache had
   */
  void started(int cachedTokens);

  /**
   * It has another token.
   *
   * @param depth in how many recursions the position that predicted it took part
   * @param position its place in the sequence
   * @param reason why the sequence ends with it, or null
   * @return why the sequence ends with it after all, or null when it goes on
   */
  FinishReason token(int id, int depth, int position, FinishReason reason);

  /**
   * It has ended; its caches are still there. Nothing more is said of it.
   *
   * @param reason why
   */
  void ended(FinishReason reason);

  /** It has ended by an error. Nothing more is said of it. */
  void failed(Throwable cause);
}
