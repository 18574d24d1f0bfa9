package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.FinishReason;
import java.util.List;
import java.util.Map;

/**
 * What an engine has done since it was made, and what it does now. A consistent copy: taken between
 * two steps.
 *
 * @param submitted requests taken in
 * @param refused requests refused, by reason
 * @param finished requests ended, by reason
 * @param failed requests ended by an error
 * @param outOfMemory how many of them for want of memory on a device
 * @param queued requests that wait now, those preempted among them
 * @param running sequences that run now
 * @param activeRows rows in the block now, by the recursion they are about to take, [N]
 * @param waitingExits tokens that have left the block and wait for others to leave with
 * @param promptTokens tokens of prompts that were computed or found in the prefix cache; computed
 *     again after a preemption, they count again
 * @param cachedPromptTokens how many of them were found
 * @param generatedTokens tokens generated
 * @param generatedAtDepth how many of them by depth 1 .. N, [N]
 * @param passes passes of the block
 * @param passRows rows of all passes
 * @param preemptions sequences that gave their pages up and were computed again later
 * @param kvBudgetBytes the budget
 * @param kvHeldBytes bytes of pages that sequences or the prefix cache hold
 * @param kvPromisedBytes bytes of pages promised to tokens in the block, by the worst case
 * @param kvPrefixBytes bytes of pages that only the prefix cache holds
 * @param timeToFirstToken microseconds from submission to the first token
 * @param betweenTokens microseconds from a token to the next of its request
 * @param queueTime microseconds from submission until a request first ran
 * @param requestTime microseconds from submission to the end, of those that ended by themselves
 */
public record EngineStatistics(
    long submitted,
    Map<RequestRefusedException.Reason, Long> refused,
    Map<FinishReason, Long> finished,
    long failed,
    long outOfMemory,
    int queued,
    int running,
    List<Integer> activeRows,
    int waitingExits,
    long promptTokens,
    long cachedPromptTokens,
    long generatedTokens,
    List<Long> generatedAtDepth,
    long passes,
    long passRows,
    long preemptions,
    long kvBudgetBytes,
    long kvHeldBytes,
    long kvPromisedBytes,
    long kvPrefixBytes,
    LatencyHistogram timeToFirstToken,
    LatencyHistogram betweenTokens,
    LatencyHistogram queueTime,
    LatencyHistogram requestTime) {}
