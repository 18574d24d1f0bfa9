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
 * @param submitted requests taken in
 * @param refused requests refused, by reason; every reason is there
 * @param finished requests ended, by reason; every reason is there
 * @param failed requests ended by an error
 * @param promptTokens tokens of prompts, computed or found in the prefix cache
 * @param cachedPromptTokens of them, those found
 * @param generatedTokens tokens generated
 * @param generatedAtDepth of them, by depth 1 to N
 * @param passes passes of the block
 * @param passRows rows of all passes
 * @param preemptions sequences that gave their pages up
 */
public record EngineWork(
    long submitted,
    Map<RequestRefusedException.Reason, Long> refused,
    Map<FinishReason, Long> finished,
    long failed,
    long promptTokens,
    long cachedPromptTokens,
    long generatedTokens,
    List<Long> generatedAtDepth,
    long passes,
    long passRows,
    long preemptions) {
  static EngineWork between(EngineStatistics before, EngineStatistics after) {
    List<Long> depths = new ArrayList<>();
    for (int i = 0; i < after.generatedAtDepth().size(); i++) {
      depths.add(after.generatedAtDepth().get(i) - before.generatedAtDepth().get(i));
    }
    return new EngineWork(
        after.submitted() - before.submitted(),
        difference(RequestRefusedException.Reason.class, before.refused(), after.refused()),
        difference(FinishReason.class, before.finished(), after.finished()),
        after.failed() - before.failed(),
        after.promptTokens() - before.promptTokens(),
        after.cachedPromptTokens() - before.cachedPromptTokens(),
        after.generatedTokens() - before.generatedTokens(),
        List.copyOf(depths),
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
    for (int i = 0; i < generatedAtDepth.size(); i++) {
      sum += generatedAtDepth.get(i) * (i + 1);
      count += generatedAtDepth.get(i);
    }
    return count == 0 ? 0 : (double) sum / count;
  }

  /** Mean rows of a pass; 0 without any. */
  public double rowsPerPass() {
    return passes == 0 ? 0 : (double) passRows / passes;
  }

  /** Share of the prompts' tokens that were found in the prefix cache; 0 without any. */
  public double prefixHitShare() {
    return promptTokens == 0 ? 0 : (double) cachedPromptTokens / promptTokens;
  }
}
