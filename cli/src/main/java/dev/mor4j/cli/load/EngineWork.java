package dev.mor4j.cli.load;

import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.RequestRefusedException;
import dev.mor4j.runtime.engine.FinishReason;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What an engine did in a stage: the difference of its statistics after and before.
 *
 * @param requests what became of them
 * @param tokens of prompts and texts
 * @param passes passes of the block
 * @param passRows rows of all passes
 * @param preemptions sequences that gave their pages up
 */
public record EngineWork(
    Requests requests, Tokens tokens, long passes, long passRows, long preemptions) {
  /**
   * What became of requests.
   *
   * @param submitted requests taken in
   * @param refused requests refused, by reason; every reason is there
   * @param finished requests ended, by reason; every reason is there
   * @param failed requests ended by an error
   */
  public record Requests(
      long submitted,
      Map<RequestRefusedException.Reason, Long> refused,
      Map<FinishReason, Long> finished,
      long failed) {}

  /**
   * Tokens that were worked on.
   *
   * @param prompt tokens of prompts, computed or found in the prefix cache
   * @param cachedPrompt of them, those found
   * @param generated tokens generated
   * @param generatedAtDepth of them, by depth 1 to N
   */
  public record Tokens(
      long prompt, long cachedPrompt, long generated, List<Long> generatedAtDepth) {
    public Tokens {
      generatedAtDepth = List.copyOf(generatedAtDepth);
    }
  }

  static EngineWork between(EngineStatistics before, EngineStatistics after) {
    List<Long> depths = new ArrayList<>();
    for (int i = 0; i < after.generatedAtDepth().size(); i++) {
      depths.add(after.generatedAtDepth().get(i) - before.generatedAtDepth().get(i));
    }
    return new EngineWork(
        new Requests(
            after.submitted() - before.submitted(),
            difference(RequestRefusedException.Reason.class, before.refused(), after.refused()),
            difference(FinishReason.class, before.finished(), after.finished()),
            after.failed() - before.failed()),
        new Tokens(
            after.promptTokens() - before.promptTokens(),
            after.cachedPromptTokens() - before.cachedPromptTokens(),
            after.generatedTokens() - before.generatedTokens(),
            depths),
        after.passes() - before.passes(),
        after.passRows() - before.passRows(),
        after.preemptions() - before.preemptions());
  }

  private static <K extends Enum<K>> Map<K, Long> difference(
      Class<K> keys, Map<K, Long> before, Map<K, Long> after) {
    Map<K, Long> difference = new EnumMap<>(keys);
    for (K key : keys.getEnumConstants()) {
      difference.put(key, after.getOrDefault(key, 0L) - before.getOrDefault(key, 0L));
    }
    return difference;
  }

  /** Mean depth of the generated tokens; 0 without any. */
  public double meanDepth() {
    long sum = 0;
    long count = 0;
    List<Long> depths = tokens.generatedAtDepth();
    for (int i = 0; i < depths.size(); i++) {
      sum += depths.get(i) * (i + 1);
      count += depths.get(i);
    }
    return count == 0 ? 0 : (double) sum / count;
  }

  /** Mean rows of a pass; 0 without any. */
  public double rowsPerPass() {
    return passes == 0 ? 0 : (double) passRows / passes;
  }

  /** Share of the prompts' tokens that were found in the prefix cache; 0 without any. */
  public double prefixHitShare() {
    return tokens.prompt() == 0 ? 0 : (double) tokens.cachedPrompt() / tokens.prompt();
  }
}
