package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.FinishReason;
import java.util.List;

/**
 * What a generation gave.
 *
 * @param text the generated text, without the prompt
 * @param tokens the generated tokens, in order
 * @param finishReason why it ended
 * @param promptTokens tokens of the prompt, with a first token that was put before it
 * @param promptDepths for each token of the prompt, in how many recursions it took part
 * @param seed that made the choices, also where none was given
 * @param prefillNanos from the call to the first token
 * @param decodeNanos from the first token to the last
 * @param kv what the session's caches held at the end
 */
public record GenerationResult(
    String text,
    List<Token> tokens,
    FinishReason finishReason,
    int promptTokens,
    List<Integer> promptDepths,
    long seed,
    long prefillNanos,
    long decodeNanos,
    KvStatistics kv) {
  public GenerationResult {
    tokens = List.copyOf(tokens);
    promptDepths = List.copyOf(promptDepths);
  }

  /** Tokens per second after the first; 0 where there was only one. */
  public double decodeTokensPerSecond() {
    return tokens.size() < 2 || decodeNanos == 0 ? 0 : (tokens.size() - 1) * 1e9 / decodeNanos;
  }
}
