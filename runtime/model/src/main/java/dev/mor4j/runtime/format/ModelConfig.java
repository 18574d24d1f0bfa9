package dev.mor4j.runtime.format;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What {@code config.json} of a model folder says: sizes, sharing, routing, caching, which tensors
 * are stored once for several places, and what begins and ends a text.
 *
 * @param architecture sizes
 * @param sharing where the unrolled layers share weights
 * @param recursions N, 1 without sharing
 * @param routing how tokens are given their depth
 * @param caching what the recursions cache
 * @param aliases canonical tensor name → the stored tensor that serves it, for every name without a
 *     tensor of its own (see {@link TensorNames})
 * @param text what begins and ends a text; empty where nobody has decided it, as in models without
 *     a tokenizer and in those that were converted before this was recorded
 */
public record ModelConfig(
    ArchitectureConfig architecture,
    Sharing sharing,
    int recursions,
    RoutingConfig routing,
    Caching caching,
    Map<String, String> aliases,
    Optional<TextConfig> text) {
  public ModelConfig {
    Objects.requireNonNull(architecture, "architecture");
    Objects.requireNonNull(sharing, "sharing");
    Objects.requireNonNull(routing, "routing");
    Objects.requireNonNull(caching, "caching");
    Objects.requireNonNull(aliases, "aliases");
    Objects.requireNonNull(text, "text");
    aliases = Map.copyOf(aliases);
  }

  /** Of a model for which nobody has decided what begins and ends a text. */
  public ModelConfig(
      ArchitectureConfig architecture,
      Sharing sharing,
      int recursions,
      RoutingConfig routing,
      Caching caching,
      Map<String, String> aliases) {
    this(architecture, sharing, recursions, routing, caching, aliases, Optional.empty());
  }

  /** This with other sizes. */
  public ModelConfig withArchitecture(ArchitectureConfig architecture) {
    return new ModelConfig(architecture, sharing, recursions, routing, caching, aliases, text);
  }

  /** This with other aliases. */
  public ModelConfig withAliases(Map<String, String> aliases) {
    return new ModelConfig(architecture, sharing, recursions, routing, caching, aliases, text);
  }

  /** This with another {@code text}. */
  public ModelConfig withText(Optional<TextConfig> text) {
    return new ModelConfig(architecture, sharing, recursions, routing, caching, aliases, text);
  }

  /** Layers of the shared block, {@code b}; all layers where nothing is shared. */
  public int blockLayers() {
    return (architecture.layers() - 2 * sharing.uniqueAtEachEnd()) / recursions;
  }

  /**
   * The recursion that unrolled layer {@code layer} belongs to; -1 for a unique first or last
   * layer.
   */
  public int recursionOf(int layer) {
    int inner = innerIndex(layer);
    if (inner < 0) {
      return -1;
    }
    return switch (sharing) {
      case NONE -> 0;
      case CYCLE, MIDDLE_CYCLE -> inner / blockLayers();
      case SEQUENCE, MIDDLE_SEQUENCE -> inner % recursions;
    };
  }

  /**
   * The layer of the block that unrolled layer {@code layer} is; -1 for a unique first or last
   * layer.
   */
  public int blockLayerOf(int layer) {
    int inner = innerIndex(layer);
    if (inner < 0) {
      return -1;
    }
    return switch (sharing) {
      case NONE -> inner;
      case CYCLE, MIDDLE_CYCLE -> inner % blockLayers();
      case SEQUENCE, MIDDLE_SEQUENCE -> inner / recursions;
    };
  }

  private int innerIndex(int layer) {
    int ends = sharing.uniqueAtEachEnd();
    int inner = layer - ends;
    return inner < 0 || layer >= architecture.layers() - ends ? -1 : inner;
  }

  /** The name of the stored tensor that serves {@code canonicalName}. */
  public String storedName(String canonicalName) {
    Objects.requireNonNull(canonicalName, "canonicalName");
    return aliases.getOrDefault(canonicalName, canonicalName);
  }

  /** Checks the parts against each other. */
  public void validate() throws ModelFormatException {
    architecture.validate();
    if (text.isPresent()) {
      text.get().validate(architecture.vocabulary());
    }
    ArchitectureConfig.range("recursions", recursions, 1, architecture.layers());
    int shared = architecture.layers() - 2 * sharing.uniqueAtEachEnd();
    if (sharing == Sharing.NONE && recursions != 1) {
      throw new ModelFormatException(
          "recursions is " + recursions + ", expected 1 where no layer is shared");
    }
    if (shared < 1 || shared % recursions != 0) {
      throw new ModelFormatException(
          "num_hidden_layers is "
              + architecture.layers()
              + ", expected "
              + (sharing.uniqueAtEachEnd() == 1 ? "2 + " : "")
              + "a multiple of the "
              + recursions
              + " recursions ("
              + sharing.configName()
              + ")");
    }
    if (!(routing instanceof RoutingConfig.None) && !sharing.isCycle()) {
      throw new ModelFormatException(
          "routing needs sharing cycle or middle_cycle, found " + sharing.configName());
    }
    switch (routing) {
      case RoutingConfig.None none -> {
        if (caching == Caching.SHARED_UPDATE) {
          throw new ModelFormatException(
              "caching shared_update needs expert-choice routing, found none");
        }
        if (caching != Caching.RECURSION_WISE && sharing == Sharing.NONE) {
          throw new ModelFormatException(
              "caching is "
                  + caching.configName()
                  + ", expected recursion_wise where no layer is shared");
        }
      }
      case RoutingConfig.ExpertChoice expert -> validateExpert(expert);
      case RoutingConfig.TokenChoice token -> {
        if (caching == Caching.SHARED_UPDATE) {
          throw new ModelFormatException(
              "caching shared_update needs expert-choice routing, found token-choice");
        }
        if (token.function() != RoutingConfig.RouterFunction.SOFTMAX
            && token.function() != RoutingConfig.RouterFunction.SIGMOID) {
          throw new ModelFormatException(
              "token-choice router function is "
                  + token.function().configName()
                  + ", expected softmax or sigmoid");
        }
        finitePositive("temp", token.temperature());
        finite("alpha", token.alpha());
      }
    }
  }

  private void validateExpert(RoutingConfig.ExpertChoice expert) throws ModelFormatException {
    if (expert.function() == RoutingConfig.RouterFunction.SOFTMAX) {
      throw new ModelFormatException(
          "expert-choice router function is softmax, expected sigmoid, tanh or none");
    }
    finitePositive("temp", expert.temperature());
    finite("alpha", expert.alpha());
    List<Double> capacities = expert.capacities();
    if (capacities.size() != recursions) {
      throw new ModelFormatException(
          "capacity lists "
              + capacities.size()
              + " values, expected one for each of the "
              + recursions
              + " recursions");
    }
    double previous = 1;
    for (double capacity : capacities) {
      if (!(capacity > 0 && capacity <= previous)) {
        throw new ModelFormatException(
            "capacity is " + capacities + ", expected descending values in (0, 1]");
      }
      previous = capacity;
    }
  }

  private static void finitePositive(String name, float value) throws ModelFormatException {
    if (!(value > 0 && value < Float.POSITIVE_INFINITY)) {
      throw new ModelFormatException(name + " is " + value + ", expected a positive number");
    }
  }

  private static void finite(String name, float value) throws ModelFormatException {
    if (!Float.isFinite(value)) {
      throw new ModelFormatException(name + " is " + value + ", expected a finite number");
    }
  }
}
