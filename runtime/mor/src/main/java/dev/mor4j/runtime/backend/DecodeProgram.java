package dev.mor4j.runtime.backend;

/**
 * Takes one token of each of several sequences from its id to its last hidden state, and decides by
 * threshold on the way how deep each goes, without coming back in between. Any thread, each with
 * its own workspace.
 */
public interface DecodeProgram {
  /**
   * Takes the tokens of {@code step}, which are in state rows 0 .. count-1, all the way. Fills
   * {@link DecodeStep#depths}, and {@link DecodeStep#tokens} where samplers are given.
   */
  void run(DecodeStep step, Workspace workspace);
}
