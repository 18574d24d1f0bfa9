package dev.mor4j.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.Token;

/** What the generations of a request took: tokens, and the depths at which they were predicted. */
final class Usage {
  private final int[] atDepth;
  private int promptTokens;
  private int cachedTokens;
  private int tokens;
  private long depths;

  /** Nothing yet, of a model with so many recursions. */
  Usage(int recursions) {
    this.atDepth = new int[recursions + 1];
  }

  void add(GenerationResult result, int cachedPromptTokens) {
    promptTokens += result.promptTokens();
    cachedTokens += cachedPromptTokens;
    for (Token token : result.tokens()) {
      tokens++;
      depths += token.depth();
      atDepth[token.depth()]++;
    }
  }

  ObjectNode json() {
    ObjectNode json = Json.object();
    json.put("prompt_tokens", promptTokens);
    json.put("completion_tokens", tokens);
    json.put("total_tokens", promptTokens + tokens);
    json.putObject("prompt_tokens_details").put("cached_tokens", cachedTokens);
    ObjectNode found = json.putObject("depths");
    found.put("mean", tokens == 0 ? 0 : Math.rint(1000.0 * depths / tokens) / 1000);
    ObjectNode counts = found.putObject("counts");
    for (int depth = 0; depth < atDepth.length; depth++) {
      // Only few models have tokens that take part in no recursion.
      if (depth > 0 || atDepth[0] > 0) {
        counts.put(Integer.toString(depth), atDepth[depth]);
      }
    }
    return json;
  }
}
