package dev.mor4j.runtime;

/** Receives the logits of a text, some tokens at a time, in order. */
@FunctionalInterface
public interface LogitsConsumer {
  /**
   * Looks at the logits of tokens {@code firstToken .. firstToken + count - 1}.
   *
   * @param logits [count, V], valid during the call only
   */
  void accept(int firstToken, int count, float[] logits);
}
