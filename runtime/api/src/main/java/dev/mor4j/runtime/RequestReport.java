package dev.mor4j.runtime;

/**
 * How an engine treated a request.
 *
 * @param queuedNanos from submission until it first ran; until its end where it never did
 * @param firstTokenNanos from submission to its first token; 0 without one
 * @param totalNanos from submission to its end, or until now
 * @param cachedPromptTokens tokens of the prompt that were found in the prefix cache when it first
 *     ran
 * @param preemptions how often it gave its pages up and was computed again
 */
public record RequestReport(
    long queuedNanos,
    long firstTokenNanos,
    long totalNanos,
    int cachedPromptTokens,
    int preemptions) {}
