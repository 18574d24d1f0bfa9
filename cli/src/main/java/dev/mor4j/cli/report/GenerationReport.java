package dev.mor4j.cli.report;

import dev.mor4j.cli.depths.DepthCounts;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.KvStatistics;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a generation did: speed, depths, memory. */
public final class GenerationReport {
  private final MorModel model;
  private final GenerationResult result;
  private final long firstTextMillis;
  private final DepthCounts depths;

  public GenerationReport(
      MorModel model, MorSession session, GenerationResult result, long firstTextMillis) {
    this.model = model;
    this.result = result;
    this.firstTextMillis = firstTextMillis;
    this.depths = new DepthCounts(model.config().recursions());
    depths.add(session.depths());
  }

  /** For people. */
  public List<String> lines() {
    KvStatistics kv = result.kv();
    List<String> lines = new ArrayList<>();
    lines.add(
        Sizes.format(
            "tokens        %d of the prompt, %d new (%s), seed %d",
            result.promptTokens(), result.tokens().size(), reason(), result.seed()));
    lines.add(
        Sizes.format(
            "speed         %.1f tokens/s; prompt in %.1f ms; first text %d ms after JVM start",
            result.decodeTokensPerSecond(), result.prefillNanos() / 1e6, firstTextMillis));
    lines.add("active        " + depths.sharesText() + " of the tokens, by recursion");
    lines.add(
        Sizes.format(
            "KV cache      %s used (%s held in pages); a vanilla cache of the same depth: %s%s",
            Sizes.bytes(kv.usedBytes()),
            Sizes.bytes(kv.heldBytes()),
            Sizes.bytes(kv.vanillaBytes()),
            kv.vanillaBytes() == 0
                ? ""
                : Sizes.format(" (%.0f %%)", 100.0 * kv.usedBytes() / kv.vanillaBytes())));
    lines.add("kernels       " + model.backendDescription());
    return lines;
  }

  /** For programs. */
  public Map<String, Object> json() {
    KvStatistics kv = result.kv();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("text", result.text());
    json.put("finish_reason", reason().replace(' ', '_'));
    json.put("seed", result.seed());
    json.put("prompt_tokens", result.promptTokens());
    json.put("prompt_depths", result.promptDepths());
    json.put("tokens", result.tokens().stream().map(GenerationReport::json).toList());
    json.put("tokens_per_second", result.decodeTokensPerSecond());
    json.put("prefill_seconds", result.prefillNanos() / 1e9);
    json.put("decode_seconds", result.decodeNanos() / 1e9);
    json.put("first_text_ms_after_jvm_start", firstTextMillis);
    json.put("active_per_recursion", depths.shares());
    Map<String, Object> cache = new LinkedHashMap<>();
    cache.put("tokens", kv.tokens());
    cache.put("entries", kv.entries());
    cache.put("used_bytes", kv.usedBytes());
    cache.put("held_bytes", kv.heldBytes());
    cache.put("vanilla_bytes", kv.vanillaBytes());
    json.put("kv", cache);
    json.put("warnings", result.warnings());
    json.put("kernels", model.backendDescription());
    return json;
  }

  private String reason() {
    return result.finishReason().name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static Map<String, Object> json(Token token) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", token.id());
    json.put("text", token.text());
    json.put("depth", token.depth());
    json.put("position", token.position());
    return json;
  }
}
