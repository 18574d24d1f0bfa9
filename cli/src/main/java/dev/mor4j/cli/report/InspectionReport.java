package dev.mor4j.cli.report;

import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.converter.CheckpointInspection;
import dev.mor4j.converter.TextInspection;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** An inspection in words and as JSON. */
public final class InspectionReport {
  private final CheckpointInspection inspection;
  private final ModelConfig config;
  private final ArchitectureConfig sizes;

  public InspectionReport(CheckpointInspection inspection) {
    this.inspection = inspection;
    this.config = inspection.config();
    this.sizes = config.architecture();
  }

  /** For people. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("kind        " + kind().replace('_', ' '));
    lines.add("layers      " + layers());
    lines.add("routing     " + routing());
    lines.add("caching     " + config.caching().configName().replace('_', '-'));
    lines.add(
        Sizes.format(
            "sizes       hidden %d, feed-forward %d, %d query and %d key/value heads of %d,"
                + " vocabulary %s, positions %s",
            sizes.hidden(),
            sizes.intermediate(),
            sizes.heads(),
            sizes.kvHeads(),
            sizes.headDim(),
            Sizes.count(sizes.vocabulary()),
            Sizes.count(sizes.maxPositions())));
    lines.add("head        " + (sizes.tiedHead() ? "tied to the embedding" : "of its own"));
    lines.add(
        Sizes.format(
            "parameters  %s unique %s, %s unrolled",
            Sizes.count(inspection.uniqueParameters()),
            new TreeMap<>(inspection.types()),
            Sizes.count(inspection.unrolledParameters())));
    lines.add(
        Sizes.format(
            "bytes       %s unique, of which %s shared by several layers; %s unrolled",
            Sizes.bytes(inspection.uniqueBytes()),
            Sizes.bytes(inspection.sharedBytes()),
            Sizes.bytes(inspection.unrolledBytes())));
    lines.add(
        Sizes.format(
            "KV bytes    a token: %s expected, %s at most; %s for a vanilla model as deep",
            Sizes.bytes(inspection.cache().expected()),
            Sizes.bytes(inspection.cache().worst()),
            Sizes.bytes(inspection.cache().vanilla())));
    TextInspection text = inspection.text();
    lines.add(
        "tokenizer   "
            + (text.tokenizer().isEmpty() ? "none" : String.join(", ", text.tokenizer())));
    if (!text.tokenizer().isEmpty()) {
      lines.add("texts       begin with " + described(text.begin()));
      lines.add("            end with " + described(text.end()));
    }
    lines.add("generation  ends at " + described(text.generationEnd()));
    if (!inspection.byValue()) {
      lines.add("note        weights were not read: equal tensors may be counted more than once");
    }
    inspection.warnings().forEach(warning -> lines.add("note        " + warning));
    return lines;
  }

  /** For programs. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", kind());
    json.put("layers", sizes.layers());
    json.put("sharing", config.sharing().configName());
    json.put("recursions", config.recursions());
    json.put("block_layers", config.blockLayers());
    json.put("unique_layers", 2 * config.sharing().uniqueAtEachEnd());
    json.put("routing", routingJson());
    json.put("caching", config.caching().configName());
    json.put("hidden_size", sizes.hidden());
    json.put("intermediate_size", sizes.intermediate());
    json.put("num_attention_heads", sizes.heads());
    json.put("num_key_value_heads", sizes.kvHeads());
    json.put("head_dim", sizes.headDim());
    json.put("vocab_size", sizes.vocabulary());
    json.put("max_position_embeddings", sizes.maxPositions());
    json.put("tied_head", sizes.tiedHead());
    json.put("unique_parameters", inspection.uniqueParameters());
    json.put("unrolled_parameters", inspection.unrolledParameters());
    json.put("unique_bytes", inspection.uniqueBytes());
    json.put("shared_bytes", inspection.sharedBytes());
    json.put("unrolled_bytes", inspection.unrolledBytes());
    json.put("parameters_by_type", new TreeMap<>(inspection.types()));
    json.put("compared_by_value", inspection.byValue());
    Map<String, Object> kv = new LinkedHashMap<>();
    kv.put("expected", inspection.cache().expected());
    kv.put("worst", inspection.cache().worst());
    kv.put("vanilla", inspection.cache().vanilla());
    json.put("kv_bytes_per_token", kv);
    json.put("text", textJson());
    json.put("warnings", inspection.warnings());
    return json;
  }

  private static String described(TextInspection.Ids ids) {
    return (ids.ids().isEmpty()
            ? "nothing"
            : ids.ids().stream().map(String::valueOf).collect(Collectors.joining(", ")))
        + " ("
        + ids.source()
        + ")";
  }

  private Map<String, Object> textJson() {
    TextInspection text = inspection.text();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("tokenizer", text.tokenizer());
    json.put("begin", idsJson(text.begin()));
    json.put("end", idsJson(text.end()));
    json.put("bos", idsJson(text.bos()));
    json.put("generation_end", idsJson(text.generationEnd()));
    return json;
  }

  private static Map<String, Object> idsJson(TextInspection.Ids ids) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("ids", ids.ids());
    json.put("from", ids.source());
    return json;
  }

  private String kind() {
    return inspection.kind().name().toLowerCase(Locale.ROOT);
  }

  private String layers() {
    String block =
        Sizes.format("%d recursions of %d layers", config.recursions(), config.blockLayers());
    return switch (config.sharing()) {
      case NONE -> sizes.layers() + ", each with its own weights";
      case CYCLE, SEQUENCE ->
          Sizes.format("%d = %s (%s)", sizes.layers(), block, config.sharing().configName());
      case MIDDLE_CYCLE, MIDDLE_SEQUENCE ->
          Sizes.format(
              "%d = 1 + %s + 1 (%s)", sizes.layers(), block, config.sharing().configName());
    };
  }

  private String routing() {
    return switch (config.routing()) {
      case RoutingConfig.None none -> "none";
      case RoutingConfig.ExpertChoice expert ->
          Sizes.format(
              "expert-choice, %s routers, %s, alpha %s, %s, capacity %s%s",
              expert.router().configName(),
              expert.function().configName(),
              expert.alpha(),
              expert.weighted() ? "weighted" : "additive",
              expert.capacities().stream().map(c -> Sizes.format("%.3f", c)).toList(),
              expert.auxiliaryRouter() ? ", a second router decides" : "");
      case RoutingConfig.TokenChoice token ->
          Sizes.format(
              "token-choice, %s router, %s, alpha %s, %s%s",
              token.router().configName(),
              token.function().configName(),
              token.alpha(),
              token.weighted() ? "weighted" : "additive",
              token.lossFreeBias() ? ", loss-free bias" : "");
    };
  }

  private Map<String, Object> routingJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    switch (config.routing()) {
      case RoutingConfig.None none -> json.put("type", "none");
      case RoutingConfig.ExpertChoice expert -> {
        json.put("type", "expert");
        json.put("router", expert.router().configName());
        json.put("function", expert.function().configName());
        json.put("alpha", expert.alpha());
        json.put("weighted", expert.weighted());
        json.put("capacity", expert.capacities());
        json.put("auxiliary_router", expert.auxiliaryRouter());
      }
      case RoutingConfig.TokenChoice token -> {
        json.put("type", "token");
        json.put("router", token.router().configName());
        json.put("function", token.function().configName());
        json.put("alpha", token.alpha());
        json.put("weighted", token.weighted());
        json.put("loss_free_bias", token.lossFreeBias());
      }
    }
    return json;
  }
}
