package dev.mor4j.cli.load;

import java.util.Map;
import java.util.SortedMap;

/**
 * What has become of the requests of a stage.
 *
 * @param sent requests sent
 * @param reasons requests that have ended, by kind and reason; every kind is there
 * @param promptTokens of prompts, as far as targets said
 * @param tokens that came, of all requests
 * @param completedTokens of them, those of completed requests
 * @param completedAsked most tokens that the completed requests could have had
 */
public record Counts(
    long sent,
    Map<Ending, SortedMap<String, Long>> reasons,
    long promptTokens,
    long tokens,
    long completedTokens,
    long completedAsked) {
  /** Requests that ended so. */
  public long of(Ending ending) {
    return reasons.get(ending).values().stream().mapToLong(Long::longValue).sum();
  }

  /** Requests that have ended. */
  public long ended() {
    long all = 0;
    for (Ending ending : Ending.values()) {
      all += of(ending);
    }
    return all;
  }
}
