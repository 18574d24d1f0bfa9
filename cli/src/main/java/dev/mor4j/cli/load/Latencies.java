package dev.mor4j.cli.load;

import dev.mor4j.runtime.LatencyHistogram;

/**
 * Latencies of a stage. All but those between tokens and in the queue count from when a request was
 * due, not from when the generator got to it, so that a target that holds the generator up cannot
 * hide it.
 *
 * @param firstToken until a first token came
 * @param betweenTokens from a token to the next of its request
 * @param endToEnd until the end, of completed requests
 * @param queue from submission until a request first ran, where the target says
 * @param dispatch until the generator sent the request: how late it was itself
 */
public record Latencies(
    LatencyHistogram firstToken,
    LatencyHistogram betweenTokens,
    LatencyHistogram endToEnd,
    LatencyHistogram queue,
    LatencyHistogram dispatch) {
  Latencies() {
    this(
        new LatencyHistogram(),
        new LatencyHistogram(),
        new LatencyHistogram(),
        new LatencyHistogram(),
        new LatencyHistogram());
  }

  Latencies copy() {
    return new Latencies(
        firstToken.copy(), betweenTokens.copy(), endToEnd.copy(), queue.copy(), dispatch.copy());
  }
}
