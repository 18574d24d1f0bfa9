package dev.mor4j.runtime.schedule;

/**
 * How a scheduler schedules.
 *
 * @param maxSequences most sequences that run at the same time
 * @param stepTokens most tokens that are in the block at the same time, of prompts and of running
 *     texts; more than {@code maxSequences}
 * @param kvBytes budget for the KV pages of all sequences and of the prefix cache
 * @param prefixCache whether pages of texts with the same beginning are shared
 * @param ageingNanos a sequence that waits rises by one priority each time this passes
 * @param exits when tokens that are through the block leave
 */
public record SchedulerSettings(
    int maxSequences,
    int stepTokens,
    long kvBytes,
    boolean prefixCache,
    long ageingNanos,
    ExitRule exits) {
  /**
   * When tokens that are through the block leave.
   *
   * @param minBatch texts' tokens that have to be through before those that wait leave; 0 for half
   *     of the sequences that run
   * @param maxWait most passes of the block for which a token waits for others
   * @param together all sequences begin a token together and leave after the deepest of them
   * @param padded with {@code together}: tokens that are through are computed to the end of the
   *     step for nothing, as in a batch of a fixed shape
   */
  public record ExitRule(int minBatch, int maxWait, boolean together, boolean padded) {}
}
