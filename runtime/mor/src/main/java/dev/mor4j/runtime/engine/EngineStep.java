package dev.mor4j.runtime.engine;

import java.util.List;

/**
 * One pass of the shared block, for timelines: which depths shared it, and what came and went
 * around it.
 *
 * @param number passes before it
 * @param startNanos when it began, from the engine's start
 * @param nanos what the whole step took, with the tokens that entered and left
 * @param blockNanos what the pass of the block took of it, with the decisions after it
 * @param rowsAtRecursion rows of the pass, by the recursion that they took, [N]
 * @param promptRows how many of them belonged to prompts
 * @param entered tokens that entered the block after it, through embedding and first layers
 * @param exited tokens that left through last layers, and head where another token was wanted
 * @param waiting tokens that had left the block and waited for others to leave with
 * @param running sequences that ran
 * @param queued requests that waited
 */
public record EngineStep(
    long number,
    long startNanos,
    long nanos,
    long blockNanos,
    List<Integer> rowsAtRecursion,
    int promptRows,
    int entered,
    int exited,
    int waiting,
    int running,
    int queued) {
  public EngineStep {
    rowsAtRecursion = List.copyOf(rowsAtRecursion);
  }

  /** Rows of the pass. */
  public int rows() {
    return rowsAtRecursion.stream().mapToInt(Integer::intValue).sum();
  }
}
