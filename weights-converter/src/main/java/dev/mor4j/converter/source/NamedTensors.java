package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.TensorNames;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a checkpoint under their canonical names, checked against what the settings ask
 * for.
 */
public final class NamedTensors {
  private static final int NAMES_SHOWN = 5;

  private NamedTensors() {}

  /**
   * Canonical name → tensor, in the order of {@link TensorNames#shapes}. A tied head may be
   * missing.
   *
   * @throws ModelFormatException where tensors are missing, unknown, or of another shape or type
   *     than expected
   */
  public static Map<String, SourceTensor> of(
      Path folder, ModelConfig config, Map<String, SourceTensor> source)
      throws ModelFormatException {
    Map<String, String> names = CheckpointNames.of(config);
    Map<String, long[]> shapes = TensorNames.shapes(config);
    Map<String, SourceTensor> named = new LinkedHashMap<>();
    List<String> missing = new ArrayList<>();
    for (Map.Entry<String, long[]> expected : shapes.entrySet()) {
      String name = names.get(expected.getKey());
      SourceTensor tensor = source.get(name);
      if (tensor == null) {
        if (!(config.architecture().tiedHead() && expected.getKey().equals(TensorNames.HEAD))) {
          missing.add(name);
        }
        continue;
      }
      named.put(expected.getKey(), tensor);
    }
    Set<String> known = new HashSet<>(names.values());
    List<String> unexpected =
        source.keySet().stream()
            // Constants that old versions of transformers saved; computed from rope_theta.
            .filter(name -> !known.contains(name) && !name.endsWith("rotary_emb.inv_freq"))
            .toList();
    if (!missing.isEmpty() || !unexpected.isEmpty()) {
      boolean hint =
          config.routing() instanceof RoutingConfig.None
              && unexpected.stream().anyMatch(name -> name.contains(".mor_router."));
      throw new ModelFormatException(
          folder,
          "the weights do not fit the settings ("
              + settings(config)
              + "): "
              + list("missing", missing)
              + (missing.isEmpty() || unexpected.isEmpty() ? "" : "; ")
              + list("unexpected", unexpected)
              + (hint
                  ? ". Routers with no router in the settings: is "
                      + SourceModel.TRAINING
                      + " missing?"
                  : ""));
    }
    for (Map.Entry<String, long[]> expected : shapes.entrySet()) {
      SourceTensor tensor = named.get(expected.getKey());
      if (tensor != null) {
        check(tensor, names.get(expected.getKey()), expected.getValue(), config);
      }
    }
    return named;
  }

  private static void check(SourceTensor tensor, String name, long[] shape, ModelConfig config)
      throws ModelFormatException {
    if (!tensor.shape().equals(Arrays.stream(shape).boxed().toList())) {
      throw new ModelFormatException(
          tensor.file(),
          "tensor "
              + name
              + " has shape "
              + tensor.shape()
              + ", expected "
              + Arrays.toString(shape)
              + " from the settings ("
              + settings(config)
              + ")");
    }
    if (tensor.dtype() != DType.F32
        && tensor.dtype() != DType.F16
        && tensor.dtype() != DType.BF16) {
      throw new ModelFormatException(
          tensor.file(),
          "tensor "
              + name
              + " has type "
              + tensor.dtype()
              + ", expected F32, BF16 or F16"
              + (tensor.dtype() == DType.F64 ? "; save the model in float32 first" : ""));
    }
  }

  /** The settings that decide names and shapes, for messages. */
  private static String settings(ModelConfig config) {
    String routing =
        switch (config.routing()) {
          case RoutingConfig.None none -> "no router";
          case RoutingConfig.ExpertChoice expert ->
              "expert-choice with " + expert.router().configName() + " routers";
          case RoutingConfig.TokenChoice token ->
              "token-choice with a " + token.router().configName() + " router";
        };
    return config.architecture().layers()
        + " layers, sharing "
        + config.sharing().configName()
        + ", "
        + config.recursions()
        + " recursions, "
        + routing;
  }

  private static String list(String what, List<String> names) {
    if (names.isEmpty()) {
      return "";
    }
    return names.size()
        + " tensors "
        + what
        + " "
        + names.subList(0, Math.min(NAMES_SHOWN, names.size()))
        + (names.size() > NAMES_SHOWN ? " and more" : "");
  }
}
