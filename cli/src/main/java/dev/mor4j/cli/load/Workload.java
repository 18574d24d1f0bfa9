package dev.mor4j.cli.load;

import java.time.Duration;
import java.util.Optional;

/**
 * What all requests are drawn from.
 *
 * @param seed of everything that is random
 * @param source of the prompts
 * @param lengths of prompts and outputs
 * @param prefix what some prompts have in common
 * @param cancelShare share of the requests that are cancelled on their way, 0 to 1
 * @param deadline after which a request is to end
 * @param temperature of sampling; 0 for greedy
 */
public record Workload(
    long seed,
    PromptSource source,
    Lengths lengths,
    SharedPrefix prefix,
    double cancelShare,
    Optional<Duration> deadline,
    double temperature) {
  /**
   * How long texts are.
   *
   * @param prompt length of a prompt, without what it shares
   * @param output most tokens that a request asks for
   * @param context prompt and output together are at most this
   */
  public record Lengths(LengthDistribution prompt, LengthDistribution output, int context) {}

  /**
   * A beginning that some prompts have in common.
   *
   * @param length of it; 0 for none
   * @param share of the requests that begin with it, 0 to 1
   */
  public record SharedPrefix(int length, double share) {
    /** Nothing in common. */
    public static final SharedPrefix NONE = new SharedPrefix(0, 0);
  }

  public Workload {
    int shared = prefix.length();
    int context = lengths.context();
    if (shared < 0 || context < 2 || shared > context - 2) {
      throw new IllegalArgumentException(
          "a shared prefix of "
              + shared
              + " in a context of "
              + context
              + ", expected room for a token of the prompt and one of the output after it");
    }
    requireShare(prefix.share(), "requests that share a prefix");
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
