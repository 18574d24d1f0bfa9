package dev.mor4j.cli.load;

import java.time.Duration;
import java.util.Optional;

/**
 * One request, as the seed made it.
 *
 * @param index in its stage, from 0
 * @param prompt what it begins with
 * @param maxNewTokens most tokens that it asks for
 * @param seed of its sampling, 0 to 2^31 - 1, which every server takes
 * @param temperature of its sampling; 0 for greedy
 * @param cancelAfter cancelled when so many tokens have come; {@link #NEVER} for not at all
 * @param deadline after which it is to end
 */
public record PlannedRequest(
    long index,
    Prompt prompt,
    int maxNewTokens,
    long seed,
    double temperature,
    int cancelAfter,
    Optional<Duration> deadline) {
  /** For {@link #cancelAfter}. */
  public static final int NEVER = -1;

  /** Whether it is cancelled once {@code tokens} have come. */
  boolean cancelledAt(int tokens) {
    return cancelAfter == tokens;
  }
}
