package dev.mor4j.cli.load;

import java.time.Duration;
import java.util.Optional;

/**
 * What all requests are drawn from.
 *
 * @param seed of everything that is random
 * @param source of the prompts
 * @param prompt length of a prompt, without what it shares
 * @param output most tokens that a request asks for
 * @param context prompt and output together are at most this
 * @param sharedPrefix length of a beginning that some prompts have in common; 0 for none
 * @param sharedShare share of the requests that begin with it, 0 to 1
 * @param cancelShare share of the requests that are cancelled on their way, 0 to 1
 * @param deadline after which a request is to end
 * @param temperature of sampling; 0 for greedy
 */
public record Workload(
    long seed,
    PromptSource source,
    LengthDistribution prompt,
    LengthDistribution output,
    int context,
    int sharedPrefix,
    double sharedShare,
    double cancelShare,
    Optional<Duration> deadline,
    double temperature) {
  public Workload {
    if (sharedPrefix < 0 || context < 2 || sharedPrefix > context - 2) {
      throw new IllegalArgumentException(
          "a shared prefix of "
              + sharedPrefix
              + " in a context of "
              + context
              + ", expected room for a token of the prompt and one of the output after it");
    }
    requireShare(sharedShare, "requests that share a prefix");
    requireShare(cancelShare, "requests that are cancelled");
    if (!(temperature >= 0 && temperature <= 1e6)) {
      throw new IllegalArgumentException(
          "a temperature of " + temperature + ", expected 0 (greedy) or more");
    }
  }

  private static void requireShare(double share, String what) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "a share of " + share + " of " + what + ", expected 0 to 1");
    }
  }
}
