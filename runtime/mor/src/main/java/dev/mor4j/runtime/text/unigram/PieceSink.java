package dev.mor4j.runtime.text.unigram;

/** Takes the pieces of a text, from left to right. */
@FunctionalInterface
public interface PieceSink {
  /** As an id: one character that no piece of its own stands for. */
  int UNKNOWN = -1;

  /**
   * Takes the next piece.
   *
   * @param id of the piece, or {@link #UNKNOWN}
   * @param from where the piece begins in the text, in bytes
   * @param to where it ends
   */
  void piece(int id, int from, int to);
}
