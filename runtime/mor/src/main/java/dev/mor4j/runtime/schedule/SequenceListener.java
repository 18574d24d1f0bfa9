package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.engine.FinishReason;

/**
 * Is told what becomes of a sequence, on the scheduling thread. Must not block. What {@link
 * #started}, {@link #token} or {@link #ended} throws ends its own sequence: {@link #failed} is told
 * of it.
 */
public interface SequenceListener {
  /**
   * It runs for the first time.
   *
   * @param cachedTokens tokens of its prompt that the prefix cache had
   */
  void started(int cachedTokens);

  /**
   * It has another token. The listener knows when the text is complete.
   *
   * @param depth in how many recursions the position that predicted it took part
   * @param position its place in the sequence
   * @param contextIsFull whether it had no room in the context, so that the sequence has to end
   * @return why the sequence ends with it, or null when it goes on
   */
  FinishReason token(int id, int depth, int position, boolean contextIsFull);

  /**
   * It has ended; its caches are still there. Nothing more is said of it, unless this throws.
   *
   * @param reason why
   */
  void ended(FinishReason reason);

  /**
   * It has ended by an error. Nothing more is said of it. Must not throw: the scheduler has ended
   * what it could then, and its owner has to give it up.
   */
  void failed(Throwable cause);
}
