package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.FinishReason;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a generation gave. Immutable. */
public final class GenerationResult {
  private final String text;
  private final List<Token> tokens;
  private final FinishReason finishReason;
  private final PromptFacts prompt;
  private final long seed;
  private final Times times;
  private final KvStatistics kv;

  /** What became of the prompt: its tokens, the depths of those computed, and warnings of it. */
  record PromptFacts(int tokens, List<Integer> depths, List<String> warnings) {
    PromptFacts {
      depths = List.copyOf(depths);
      warnings = List.copyOf(warnings);
    }
  }

  /** How long its two parts took, in nanoseconds. */
  record Times(long prefill, long decode) {}

  GenerationResult(
      List<Token> tokens,
      FinishReason finishReason,
      PromptFacts prompt,
      long seed,
      Times times,
      KvStatistics kv) {
    this.text = tokens.stream().map(Token::text).collect(Collectors.joining());
    this.tokens = List.copyOf(tokens);
    this.finishReason = finishReason;
    this.prompt = prompt;
    this.seed = seed;
    this.times = times;
    this.kv = kv;
  }

  /** The generated text, without the prompt. */
  public String text() {
    return text;
  }

  /** The generated tokens, in order. */
  public List<Token> tokens() {
    return tokens;
  }

  /** Why it ended. */
  public FinishReason finishReason() {
    return finishReason;
  }

  /** Tokens of the prompt, with a first token that was put before it. */
  public int promptTokens() {
    return prompt.tokens();
  }

  /** For each token of the prompt that was computed, in how many recursions it took part. */
  public List<Integer> promptDepths() {
    return prompt.depths();
  }

  /**
   * What the caller should know of the prompt, in whole sentences: for one, that it began with the
   * token that the model puts before every text, which was then not added a second time.
   */
  public List<String> warnings() {
    return prompt.warnings();
  }

  /** The seed that made the choices, also where none was given. */
  public long seed() {
    return seed;
  }

  /** Nanoseconds from the call to the first token; 0 without one. */
  public long prefillNanos() {
    return times.prefill();
  }

  /** Nanoseconds from the first token to the last. */
  public long decodeNanos() {
    return times.decode();
  }

  /** What the caches held at the end. */
  public KvStatistics kv() {
    return kv;
  }

  /** Tokens per second after the first; 0 where there was only one. */
  public double decodeTokensPerSecond() {
    return tokens.size() < 2 || times.decode() == 0
        ? 0
        : (tokens.size() - 1) * 1e9 / times.decode();
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "GenerationResult[%d tokens after a prompt of %d, %s, first token after %.1f ms, then %.1f"
            + " tokens/s, seed %d, %s]",
        tokens.size(),
        prompt.tokens(),
        finishReason,
        times.prefill() / 1e6,
        decodeTokensPerSecond(),
        seed,
        kv);
  }
}
