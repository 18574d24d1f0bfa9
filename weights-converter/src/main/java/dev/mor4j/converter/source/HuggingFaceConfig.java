package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.format.Sharing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * {@code config.json} as the {@code transformers} library writes it for Llama models (4.x and 5.x),
 * and for Mistral models whose attention has no window, which compute the same. What would change
 * the forward pass and is not supported is refused by name.
 *
 * @param keySharing the {@code kv_sharing} that the authors' training code adds
 * @param warnings for the conversion's report
 */
record HuggingFaceConfig(
    ArchitectureConfig architecture, Optional<KeySharing> keySharing, List<String> warnings) {

  /** {@code kv_sharing}; a number or name is empty where it is null. */
  record KeySharing(
      boolean enable,
      boolean updateCache,
      Optional<Integer> recursions,
      Optional<Integer> baseDepth,
      Optional<Sharing> sharing) {

    /** Reads the section, from either file. */
    static KeySharing read(Settings section) throws ModelFormatException {
      KeySharing read =
          new KeySharing(
              section.flag("enable"),
              section.flag("update_cache", false),
              optional(section, "num_recursion"),
              optional(section, "base_depth"),
              section.has("sharing")
                  ? Optional.of(HuggingFaceConfig.sharing(section))
                  : Optional.empty());
      section.finish();
      return read;
    }

    private static Optional<Integer> optional(Settings section, String key)
        throws ModelFormatException {
      return section.has(key) ? Optional.of(section.integer(key)) : Optional.empty();
    }
  }

  /** What a setting means where {@code config.json} leaves it out: the library's own defaults. */
  private enum Family {
    LLAMA(2048),
    MISTRAL(131_072);

    private static final int MISTRAL_KV_HEADS = 8;
    private static final int MISTRAL_WINDOW = 4096;

    private final int maxPositions;

    Family(int maxPositions) {
      this.maxPositions = maxPositions;
    }

    static Family read(Settings config) throws ModelFormatException {
      String name = config.choice("model_type", List.of("llama", "mistral"));
      return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** A null means one head of keys and values for each head, in either family. */
    int kvHeads(Settings config, int heads) throws ModelFormatException {
      boolean absent = !config.keys().contains("num_key_value_heads");
      int otherwise = this == MISTRAL && absent ? MISTRAL_KV_HEADS : heads;
      return config.integer("num_key_value_heads", otherwise);
    }

    /**
     * Refuses a window that would hide tokens from attention. A token sees as many tokens as the
     * window is long, itself among them, so one of {@code maxPositions} hides none.
     */
    void refuseWindow(Settings config, int maxPositions) throws ModelFormatException {
      boolean absent = !config.keys().contains("sliding_window");
      if (this == LLAMA) {
        if (config.has("sliding_window")) {
          throw config.wrong("sliding_window", "null: it is not supported");
        }
      } else if ((absent || config.has("sliding_window"))
          && config.integer("sliding_window", MISTRAL_WINDOW) < maxPositions) {
        throw config.wrong(
            "sliding_window",
            "null, or at least max_position_embeddings "
                + maxPositions
                + ": a shorter window, such as the "
                + MISTRAL_WINDOW
                + " that a missing one means, is not supported");
      }
    }
  }

  /** Settings that say nothing about the forward pass; the rules of texts read some of them. */
  private static final Set<String> HARMLESS =
      Set.of(
          "_attn_implementation_autoset",
          "_name_or_path",
          "architectures",
          "attention_dropout",
          "dtype",
          "initializer_range",
          "pad_token_id",
          "tokenizer_class",
          "torch_dtype",
          "transformers_version",
          "use_cache");

  static HuggingFaceConfig read(Settings config) throws ModelFormatException {
    if (config.raw("format") != null) {
      throw config.wrong("format", "none: a checkpoint that is not converted yet");
    }
    Family family = Family.read(config);
    refuseUnsupported(config);
    int hidden = config.integer("hidden_size");
    int heads = config.integer("num_attention_heads");
    int maxPositions = config.integer("max_position_embeddings", family.maxPositions);
    family.refuseWindow(config, maxPositions);
    ArchitectureConfig architecture =
        ArchitectureConfig.builder()
            .hidden(hidden)
            .intermediate(config.integer("intermediate_size"))
            .heads(heads)
            .kvHeads(family.kvHeads(config, heads))
            .headDim(headDim(config, hidden, heads))
            .layers(config.integer("num_hidden_layers"))
            .vocabulary(config.integer("vocab_size"))
            .maxPositions(maxPositions)
            .rmsNormEps((float) config.number("rms_norm_eps", 1e-6))
            .ropeTheta(ropeTheta(config))
            .tiedHead(config.flag("tie_word_embeddings", false))
            .bosTokenId(config.integer("bos_token_id", -1))
            .eosTokenIds(endTokens(config))
            .build();
    Optional<KeySharing> keySharing =
        config.has("kv_sharing")
            ? Optional.of(KeySharing.read(config.object("kv_sharing")))
            : Optional.empty();
    HARMLESS.forEach(config::ignore);
    List<String> warnings = new ArrayList<>();
    List<String> unknown = config.unread();
    if (!unknown.isEmpty()) {
      warnings.add(
          "config.json: settings that a Llama model does not use were ignored: " + unknown);
    }
    try {
      architecture.validate();
    } catch (ModelFormatException e) {
      throw new ModelFormatException(config.file(), e.getMessage(), e);
    }
    return new HuggingFaceConfig(architecture, keySharing, warnings);
  }

  /** Refuses a {@code kv_sharing} here that the training settings contradict. */
  void checkAgainst(TrainingConfig training, Path configFile, Path trainingFile)
      throws ModelFormatException {
    boolean here = keySharing.map(KeySharing::enable).orElse(false);
    KeySharing there = training.keySharing();
    // Not every config.json has the section; where it is missing, the training settings stand
    // alone.
    if (keySharing.isPresent() && here != there.enable()) {
      throw contradiction(configFile, "enable", here, trainingFile, there.enable());
    }
    if (!here) {
      return;
    }
    KeySharing own = keySharing.orElseThrow();
    if (own.updateCache() != there.updateCache()) {
      throw contradiction(
          configFile, "update_cache", own.updateCache(), trainingFile, there.updateCache());
    }
    if (own.recursions().isPresent() && own.recursions().get() != training.recursions()) {
      throw contradiction(
          configFile, "num_recursion", own.recursions().get(), trainingFile, training.recursions());
    }
    if (own.sharing().isPresent() && own.sharing().get() != training.sharing()) {
      throw contradiction(
          configFile,
          "sharing",
          own.sharing().get().configName(),
          trainingFile,
          training.sharing().configName());
    }
    int blockLayers =
        (architecture.layers() - 2 * training.sharing().uniqueAtEachEnd()) / training.recursions();
    if (own.baseDepth().isPresent() && own.baseDepth().get() != blockLayers) {
      throw new ModelFormatException(
          configFile,
          "kv_sharing.base_depth is "
              + own.baseDepth().get()
              + ", expected the "
              + blockLayers
              + " layers of the shared block");
    }
  }

  private static ModelFormatException contradiction(
      Path configFile, String key, Object here, Path trainingFile, Object there) {
    return new ModelFormatException(
        configFile,
        "kv_sharing."
            + key
            + " is "
            + here
            + ", but "
            + trainingFile.getFileName()
            + " says "
            + there);
  }

  /** The sharing strategy under {@code sharing}. */
  static Sharing sharing(Settings section) throws ModelFormatException {
    String name =
        section.choice("sharing", List.of("cycle", "sequence", "middle_cycle", "middle_sequence"));
    return Sharing.valueOf(name.toUpperCase(Locale.ROOT));
  }

  private static void refuseUnsupported(Settings config) throws ModelFormatException {
    if (!config.text("hidden_act", "silu").equals("silu")) {
      throw config.wrong("hidden_act", "\"silu\"");
    }
    for (String key : List.of("rope_scaling", "quantization_config")) {
      if (config.has(key)) {
        throw config.wrong(key, "null: it is not supported");
      }
    }
    for (String key : List.of("attention_bias", "mlp_bias", "use_sliding_window")) {
      if (config.flag(key, false)) {
        throw config.wrong(key, "false: it is not supported");
      }
    }
    for (String key : List.of("pretraining_tp", "partial_rotary_factor")) {
      if (config.number(key, 1) != 1) {
        throw config.wrong(key, "1: nothing else is supported");
      }
    }
    if (config.has("layer_types")
        && !config.list("layer_types").stream().allMatch("full_attention"::equals)) {
      throw config.wrong("layer_types", "full_attention everywhere: nothing else is supported");
    }
  }

  private static int headDim(Settings config, int hidden, int heads) throws ModelFormatException {
    if (config.has("head_dim")) {
      return config.integer("head_dim");
    }
    if (heads < 1 || hidden % heads != 0) {
      throw config.wrong(
          "num_attention_heads",
          "a divisor of hidden_size " + hidden + " where there is no head_dim");
    }
    return hidden / heads;
  }

  /** {@code rope_theta}, or the {@code rope_parameters} of transformers 5. */
  private static double ropeTheta(Settings config) throws ModelFormatException {
    if (!config.has("rope_parameters")) {
      return config.number("rope_theta", 10000);
    }
    Settings rope = config.object("rope_parameters");
    if (!rope.text("rope_type", "default").equals("default")) {
      throw rope.wrong("rope_type", "\"default\": nothing else is supported");
    }
    if (rope.number("partial_rotary_factor", 1) != 1) {
      throw rope.wrong("partial_rotary_factor", "1: nothing else is supported");
    }
    double theta = rope.number("rope_theta", config.number("rope_theta", 10000));
    rope.finish();
    if (config.number("rope_theta", theta) != theta) {
      throw config.wrong("rope_theta", theta + ", as rope_parameters.rope_theta says");
    }
    return theta;
  }

  private static List<Integer> endTokens(Settings config) throws ModelFormatException {
    List<Integer> ids = new ArrayList<>();
    switch (config.raw("eos_token_id")) {
      case null -> {}
      case List<?> list -> {
        for (Object id : list) {
          if (!(id instanceof Long number && number == number.intValue())) {
            throw config.wrong("eos_token_id", "a token id or a list of them");
          }
          ids.add(number.intValue());
        }
      }
      default -> ids.add(config.integer("eos_token_id"));
    }
    return ids;
  }
}
