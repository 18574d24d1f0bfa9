package dev.mor4j.runtime;

import java.util.List;
import java.util.OptionalLong;

/**
 * How text is generated. The filters apply in this order: repetition penalty, temperature, top-k,
 * top-p, min-p.
 *
 * @param maxNewTokens most tokens to generate, at least 1; the prompt does not count
 * @param temperature divides the logits; 0 for greedy, which the filters below do not touch
 * @param topK keeps the k most likely tokens; 0 for all
 * @param topP keeps the fewest most likely tokens whose probabilities reach this sum, in (0, 1]; 1
 *     for all
 * @param minP keeps the tokens at least this likely, as a share of the most likely one, in [0, 1];
 *     0 for all
 * @param repetitionPenalty at least 1: positive logits of tokens seen before are divided by it,
 *     negative ones multiplied; 1 for none
 * @param seed of the choices; without one each generation draws its own and reports it
 * @param stop strings before which the text ends; they are not part of it
 */
public record GenerationOptions(
    int maxNewTokens,
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    OptionalLong seed,
    List<String> stop) {
  public GenerationOptions {
    stop = List.copyOf(stop);
    require(maxNewTokens >= 1, "maxNewTokens", maxNewTokens, "1 or more");
    require(
        temperature >= 0 && temperature <= 1e6, "temperature", temperature, "0 (greedy) or more");
    require(topK >= 0, "topK", topK, "1 or more, or 0 for all");
    require(topP > 0 && topP <= 1, "topP", topP, "more than 0, at most 1");
    require(minP >= 0 && minP <= 1, "minP", minP, "0 to 1");
    require(
        repetitionPenalty >= 1 && repetitionPenalty <= 1e6,
        "repetitionPenalty",
        repetitionPenalty,
        "1 (none) or more");
    for (String text : stop) {
      if (text.isEmpty()) {
        throw new IllegalArgumentException(
            "a stop string is empty, expected at least one character");
      }
    }
  }

  private static void require(boolean holds, String name, Object found, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(name + " is " + found + ", expected " + expected);
    }
  }

  /**
   * Sampling at temperature 0.8 and top-p 0.95, up to 256 new tokens, a seed of its own for each
   * generation.
   */
  public static GenerationOptions defaults() {
    return new GenerationOptions(256, 0.8, 0, 0.95, 0, 1, OptionalLong.empty(), List.of());
  }

  /** Always the most likely token, up to 256 of them. */
  public static GenerationOptions greedy() {
    return defaults().withTemperature(0);
  }

  public GenerationOptions withMaxNewTokens(int value) {
    return new GenerationOptions(
        value, temperature, topK, topP, minP, repetitionPenalty, seed, stop);
  }

  public GenerationOptions withTemperature(double value) {
    return new GenerationOptions(
        maxNewTokens, value, topK, topP, minP, repetitionPenalty, seed, stop);
  }

  public GenerationOptions withTopK(int value) {
    return new GenerationOptions(
        maxNewTokens, temperature, value, topP, minP, repetitionPenalty, seed, stop);
  }

  public GenerationOptions withTopP(double value) {
    return new GenerationOptions(
        maxNewTokens, temperature, topK, value, minP, repetitionPenalty, seed, stop);
  }

  public GenerationOptions withMinP(double value) {
    return new GenerationOptions(
        maxNewTokens, temperature, topK, topP, value, repetitionPenalty, seed, stop);
  }

  public GenerationOptions withRepetitionPenalty(double value) {
    return new GenerationOptions(maxNewTokens, temperature, topK, topP, minP, value, seed, stop);
  }

  public GenerationOptions withSeed(long value) {
    return new GenerationOptions(
        maxNewTokens,
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        OptionalLong.of(value),
        stop);
  }

  public GenerationOptions withStop(List<String> value) {
    return new GenerationOptions(
        maxNewTokens, temperature, topK, topP, minP, repetitionPenalty, seed, value);
  }
}
