package dev.mor4j.runtime;

import java.util.Optional;

/**
 * How fast a model runs on this machine; see {@link ModelProbe}.
 *
 * @param promptTokens tokens in the caches where decoding began
 * @param decodedTokens tokens decoded in a round, one at a time
 * @param decodeDepth mean depth of the positions that predicted them
 * @param decodeRate tokens a second
 * @param prefillTokens tokens of a prompt
 * @param prefillDepth their mean depth
 * @param prefillRate tokens a second, up to the first new one
 * @param bandwidth bytes a second that all threads read from memory, measured before and after each
 *     decoding; empty where the machine was not measured
 */
public record ModelSpeed(
    int promptTokens,
    int decodedTokens,
    double decodeDepth,
    MeasuredRate decodeRate,
    int prefillTokens,
    double prefillDepth,
    MeasuredRate prefillRate,
    Optional<MeasuredRate> bandwidth) {}
