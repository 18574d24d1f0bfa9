package dev.mor4j.runtime.schedule;

import java.util.List;

/**
 * What a scheduler does at a moment between two steps.
 *
 * @param queued sequences that wait
 * @param running sequences that run
 * @param activeRows rows in the block, by the recursion that they take next, [N]
 * @param waitingExits tokens that are through the block and wait for others to leave with
 * @param kvHeldBytes bytes of pages that sequences or the prefix cache hold
 * @param kvPromisedBytes bytes of pages promised to tokens on their way
 * @param kvPrefixBytes bytes of pages that only the prefix cache holds
 */
public record SchedulerState(
    int queued,
    int running,
    List<Integer> activeRows,
    int waitingExits,
    long kvHeldBytes,
    long kvPromisedBytes,
    long kvPrefixBytes) {
  public SchedulerState {
    activeRows = List.copyOf(activeRows);
  }
}
