package dev.mor4j.runtime.format;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * {@code config.json} of a model folder, as {@link ModelConfig}. Reading is strict: a wrong format
 * or version, a key that is missing, unknown or there twice, and a value of the wrong type or range
 * are errors that name the key.
 *
 * <pre>
 *   format   "mor4j"
 *   version  1
 *   model    hidden_size, intermediate_size, num_attention_heads, num_key_value_heads, head_dim, num_hidden_layers,
 *            vocab_size, max_position_embeddings, rms_norm_eps, rope_theta, tie_word_embeddings,
 *            bos_token_id (or null), eos_token_ids
 *   sharing  strategy, recursions
 *   routing  type: none
 *            type: expert — router, function, alpha, temperature, weighted, capacities, auxiliary_router
 *            type: token  — router, function, alpha, temperature, weighted, loss_free_bias
 *   caching  recursion_wise | shared | shared_update
 *   aliases  canonical name: name of the stored tensor
 *   text     begin_ids, end_ids; the section may be missing
 * </pre>
 */
public final class ModelConfigJson {
  /** The file's name in a model folder. */
  public static final String FILE_NAME = "config.json";

  static final String FORMAT = "mor4j";
  static final int VERSION = 1;
  private static final long MAX_BYTES = 16L << 20;

  private ModelConfigJson() {}

  /**
   * Reads and validates {@code file}.
   *
   * @throws ModelFormatException where it is not a configuration of this format and version
   */
  public static ModelConfig read(Path file) throws IOException {
    Objects.requireNonNull(file, "file");
    Settings top = new Settings(file, StrictJson.read(file, MAX_BYTES));
    if (!(top.raw("format") instanceof String format && format.equals(FORMAT))) {
      throw top.wrong(
          "format",
          '"'
              + FORMAT
              + "\" (a converted model; \"mor4j convert SRC DST\" makes one from a checkpoint)");
    }
    if (top.integer("version") != VERSION) {
      throw top.wrong("version", String.valueOf(VERSION));
    }
    ArchitectureConfig architecture = architecture(top.object("model"));
    Settings sharing = top.object("sharing");
    Sharing strategy = named(sharing, "strategy", Sharing.values());
    int recursions = sharing.integer("recursions");
    sharing.finish();
    RoutingConfig routing = routing(top.object("routing"));
    Caching caching = named(top, "caching", Caching.values());
    Settings aliases = top.object("aliases");
    Map<String, String> names = new LinkedHashMap<>();
    for (String key : aliases.keys()) {
      names.put(key, aliases.text(key));
    }
    Optional<TextConfig> text =
        top.has("text") ? Optional.of(text(top.object("text"))) : Optional.empty();
    top.finish();
    ModelConfig config =
        new ModelConfig(architecture, strategy, recursions, routing, caching, names, text);
    try {
      config.validate();
    } catch (ModelFormatException e) {
      throw new ModelFormatException(file, e.getMessage(), e);
    }
    checkAliases(file, config);
    return config;
  }

  /** Writes {@code config} to {@code file}, which must not exist. */
  public static void write(ModelConfig config, Path file) throws IOException {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(file, "file");
    Map<String, Object> top = new LinkedHashMap<>();
    top.put("format", FORMAT);
    top.put("version", VERSION);
    top.put("model", architecture(config.architecture()));
    Map<String, Object> sharing = new LinkedHashMap<>();
    sharing.put("strategy", config.sharing().configName());
    sharing.put("recursions", config.recursions());
    top.put("sharing", sharing);
    top.put("routing", routing(config.routing()));
    top.put("caching", config.caching().configName());
    // Sorted, so that equal configurations are equal files.
    top.put("aliases", new java.util.TreeMap<>(config.aliases()));
    config.text().ifPresent(text -> top.put("text", text(text)));
    StrictJson.write(top, file);
  }

  private static TextConfig text(Settings text) throws ModelFormatException {
    TextConfig config = new TextConfig(ids(text, "begin_ids"), ids(text, "end_ids"));
    text.finish();
    return config;
  }

  private static Map<String, Object> text(TextConfig text) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("begin_ids", text.beginIds());
    map.put("end_ids", text.endIds());
    return map;
  }

  private static List<Integer> ids(Settings settings, String key) throws ModelFormatException {
    List<Integer> ids = new ArrayList<>();
    for (Object id : settings.list(key)) {
      if (!(id instanceof Long number && number == number.intValue())) {
        throw settings.wrong(key, "a list of token ids");
      }
      ids.add(number.intValue());
    }
    return ids;
  }

  private static ArchitectureConfig architecture(Settings model) throws ModelFormatException {
    List<Integer> ends = ids(model, "eos_token_ids");
    if (!model.keys().contains("bos_token_id")) {
      throw model.wrong("bos_token_id", "a token id or null");
    }
    ArchitectureConfig architecture =
        ArchitectureConfig.builder()
            .hidden(model.integer("hidden_size"))
            .intermediate(model.integer("intermediate_size"))
            .heads(model.integer("num_attention_heads"))
            .kvHeads(model.integer("num_key_value_heads"))
            .headDim(model.integer("head_dim"))
            .layers(model.integer("num_hidden_layers"))
            .vocabulary(model.integer("vocab_size"))
            .maxPositions(model.integer("max_position_embeddings"))
            .rmsNormEps((float) model.number("rms_norm_eps"))
            .ropeTheta(model.number("rope_theta"))
            .tiedHead(model.flag("tie_word_embeddings"))
            .bosTokenId(model.integer("bos_token_id", -1))
            .eosTokenIds(ends)
            .build();
    model.finish();
    return architecture;
  }

  private static Map<String, Object> architecture(ArchitectureConfig model) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("hidden_size", model.hidden());
    map.put("intermediate_size", model.intermediate());
    map.put("num_attention_heads", model.heads());
    map.put("num_key_value_heads", model.kvHeads());
    map.put("head_dim", model.headDim());
    map.put("num_hidden_layers", model.layers());
    map.put("vocab_size", model.vocabulary());
    map.put("max_position_embeddings", model.maxPositions());
    map.put("rms_norm_eps", number(model.rmsNormEps()));
    map.put("rope_theta", model.ropeTheta());
    map.put("tie_word_embeddings", model.tiedHead());
    map.put("bos_token_id", model.bosTokenId() < 0 ? null : model.bosTokenId());
    map.put("eos_token_ids", model.eosTokenIds());
    return map;
  }

  private static RoutingConfig routing(Settings routing) throws ModelFormatException {
    String type = routing.choice("type", List.of("none", "expert", "token"));
    RoutingConfig config =
        switch (type) {
          case "expert" ->
              new RoutingConfig.ExpertChoice(
                  named(routing, "router", RoutingConfig.RouterKind.values()),
                  named(routing, "function", RoutingConfig.RouterFunction.values()),
                  (float) routing.number("alpha"),
                  (float) routing.number("temperature"),
                  routing.flag("weighted"),
                  capacities(routing),
                  routing.flag("auxiliary_router"));
          case "token" ->
              new RoutingConfig.TokenChoice(
                  named(routing, "router", RoutingConfig.RouterKind.values()),
                  named(routing, "function", RoutingConfig.RouterFunction.values()),
                  (float) routing.number("alpha"),
                  (float) routing.number("temperature"),
                  routing.flag("weighted"),
                  routing.flag("loss_free_bias"));
          default -> new RoutingConfig.None();
        };
    routing.finish();
    return config;
  }

  private static List<Double> capacities(Settings routing) throws ModelFormatException {
    List<Double> capacities = new ArrayList<>();
    for (Object value : routing.list("capacities")) {
      if (!(value instanceof Number number)) {
        throw routing.wrong("capacities", "a list of numbers");
      }
      capacities.add(number.doubleValue());
    }
    return capacities;
  }

  private static Map<String, Object> routing(RoutingConfig routing) {
    Map<String, Object> map = new LinkedHashMap<>();
    switch (routing) {
      case RoutingConfig.None none -> map.put("type", "none");
      case RoutingConfig.ExpertChoice expert -> {
        map.put("type", "expert");
        map.put("router", expert.router().configName());
        map.put("function", expert.function().configName());
        map.put("alpha", number(expert.alpha()));
        map.put("temperature", number(expert.temperature()));
        map.put("weighted", expert.weighted());
        map.put("capacities", expert.capacities());
        map.put("auxiliary_router", expert.auxiliaryRouter());
      }
      case RoutingConfig.TokenChoice token -> {
        map.put("type", "token");
        map.put("router", token.router().configName());
        map.put("function", token.function().configName());
        map.put("alpha", number(token.alpha()));
        map.put("temperature", number(token.temperature()));
        map.put("weighted", token.weighted());
        map.put("loss_free_bias", token.lossFreeBias());
      }
    }
    return map;
  }

  /** The shortest decimal of {@code value} that is read back as the same float. */
  private static double number(float value) {
    double decimal = Double.parseDouble(Float.toString(value));
    return (float) decimal == value ? decimal : value;
  }

  private static <E extends Enum<E>> E named(Settings settings, String key, E[] values)
      throws ModelFormatException {
    List<String> names = new ArrayList<>();
    for (E value : values) {
      names.add(value.name().toLowerCase(java.util.Locale.ROOT));
    }
    return values[names.indexOf(settings.choice(key, names))];
  }

  private static void checkAliases(Path file, ModelConfig config) throws ModelFormatException {
    if (config.aliases().isEmpty()) {
      return;
    }
    Map<String, long[]> shapes = TensorNames.shapes(config);
    for (Map.Entry<String, String> alias : config.aliases().entrySet()) {
      String what = "aliases." + alias.getKey() + " is \"" + alias.getValue() + "\", expected ";
      long[] shape = shapes.get(alias.getKey());
      long[] stored = shapes.get(alias.getValue());
      if (shape == null) {
        throw new ModelFormatException(
            file, what + "no alias: the model has no tensor of that name");
      }
      if (stored == null || config.aliases().containsKey(alias.getValue())) {
        throw new ModelFormatException(file, what + "the name of a stored tensor of this model");
      }
      if (!java.util.Arrays.equals(shape, stored)) {
        throw new ModelFormatException(
            file,
            what
                + "a tensor of shape "
                + java.util.Arrays.toString(shape)
                + ", found shape "
                + java.util.Arrays.toString(stored));
      }
    }
  }
}
