package dev.mor4j.converter;

import dev.mor4j.converter.source.NamedTensors;
import dev.mor4j.converter.source.SourceModel;
import dev.mor4j.converter.source.SourceTensor;
import dev.mor4j.converter.source.SourceText;
import dev.mor4j.converter.source.SourceWeights;
import dev.mor4j.converter.write.ResolvedHead;
import dev.mor4j.converter.write.SharedTensors;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.StoredTensor;
import dev.mor4j.runtime.format.StoredTensors;
import dev.mor4j.runtime.format.TensorNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a model folder holds, before anything is loaded.
 *
 * @param kind converted or not
 * @param config sizes, sharing, routing and caching; the aliases are those found
 * @param weights how much there is of them
 * @param cache bytes of the KV cache a token
 * @param text its tokenizer, and what begins and ends a text
 * @param warnings what the user should know
 */
public record CheckpointInspection(
    Kind kind,
    ModelConfig config,
    Weights weights,
    CacheEstimate cache,
    TextInspection text,
    List<String> warnings) {

  /** What a folder is. */
  public enum Kind {
    /** A folder that {@link CheckpointConverter} wrote. */
    CONVERTED,
    /** A checkpoint with the authors' training settings. */
    MIXTURE_OF_RECURSIONS_CHECKPOINT,
    /** A checkpoint of a plain Llama model, or of a Mistral model that is one. */
    LLAMA_CHECKPOINT
  }

  /**
   * An amount of weights.
   *
   * @param parameters stored numbers
   * @param bytes that they take, padding of packed ones included
   */
  public record Amount(long parameters, long bytes) {}

  /**
   * The weights of a folder.
   *
   * @param unrolled as if every layer had its own weights; a tied head counts once
   * @param unique each stored number once
   * @param sharedBytes of the unique bytes, those of tensors that several layers use
   * @param types number of unique parameters of each type, under names such as {@code BF16} or
   *     {@code INT8}
   * @param byValue whether sharing was found by comparing values; otherwise only where a file says
   *     so itself, and a safetensors checkpoint may repeat tensors unnoticed
   */
  public record Weights(
      Amount unrolled, Amount unique, long sharedBytes, Map<String, Long> types, boolean byValue) {
    public Weights {
      types = Map.copyOf(types);
    }
  }

  public CheckpointInspection {
    warnings = List.copyOf(warnings);
  }

  /** Parameters as if every layer had its own weights. */
  public long unrolledParameters() {
    return weights.unrolled().parameters();
  }

  /** Parameters, each stored number once. */
  public long uniqueParameters() {
    return weights.unique().parameters();
  }

  /** Bytes as if every layer had its own weights. */
  public long unrolledBytes() {
    return weights.unrolled().bytes();
  }

  /** Bytes, each stored number once. */
  public long uniqueBytes() {
    return weights.unique().bytes();
  }

  /** Bytes of tensors that several layers use. */
  public long sharedBytes() {
    return weights.sharedBytes();
  }

  /** Unique parameters by the name of their type. */
  public Map<String, Long> types() {
    return weights.types();
  }

  /** Whether sharing was found by comparing values. */
  public boolean byValue() {
    return weights.byValue();
  }

  /**
   * Whether a folder has the weights of a checkpoint and is no converted model. Reads no weights,
   * so the checkpoint may still be one that cannot be converted.
   */
  public static boolean isCheckpoint(Path folder) throws IOException {
    return SourceWeights.areIn(folder) && !SourceModel.isConverted(folder);
  }

  /** As {@link #inspect(Path, boolean)}, reading no weights. */
  public static CheckpointInspection inspect(Path folder) throws IOException {
    return inspect(folder, false);
  }

  /**
   * Inspects a converted folder or a checkpoint folder.
   *
   * @param deep whether to read the weights of a checkpoint to find the tensors that are the same
   * @throws ModelFormatException where the folder is neither, or its parts do not fit each other
   */
  public static CheckpointInspection inspect(Path folder, boolean deep) throws IOException {
    if (SourceModel.isConverted(folder)) {
      return converted(folder);
    }
    SourceModel model = SourceModel.read(folder);
    try (SourceWeights source = SourceWeights.open(folder)) {
      Map<String, SourceTensor> named = NamedTensors.of(folder, model.config(), source.tensors());
      SharedTensors shared =
          deep ? SharedTensors.byValue(named, length -> {}) : SharedTensors.byPlace(named);
      List<String> warnings = new ArrayList<>(model.warnings());
      warnings.addAll(source.warnings());
      ModelConfig config = model.withAliases(shared.aliases());
      if (deep || !named.containsKey(TensorNames.HEAD)) {
        ResolvedHead head = ResolvedHead.of(folder, model, shared);
        config = head.config();
        warnings.addAll(head.warnings());
      }
      Map<String, Stored> stored = new LinkedHashMap<>();
      shared
          .stored()
          .forEach(
              (name, tensor) ->
                  stored.put(
                      name,
                      new Stored(tensor.dtype().name(), tensor.elements(), tensor.byteSize())));
      SourceText text = SourceText.readTolerantly(folder, config.architecture().vocabulary());
      warnings.addAll(text.warnings());
      Kind kind =
          model.hasTrainingSettings()
              ? Kind.MIXTURE_OF_RECURSIONS_CHECKPOINT
              : Kind.LLAMA_CHECKPOINT;
      return of(kind, text.decided(config), stored, deep, TextInspection.of(text), warnings);
    }
  }

  private static CheckpointInspection converted(Path folder) throws IOException {
    ModelConfig config = ModelConfigJson.read(folder.resolve(ModelConfigJson.FILE_NAME));
    SafetensorsFile file = SafetensorsFile.open(folder.resolve(OutputFolder.WEIGHTS));
    Map<String, Stored> stored = new LinkedHashMap<>();
    for (StoredTensor tensor : StoredTensors.of(file, config).values()) {
      stored.put(
          tensor.name(), new Stored(tensor.typeName(), tensor.elements(), tensor.byteSize()));
    }
    SourceText text = SourceText.readTolerantly(folder, config.architecture().vocabulary());
    TextInspection traced =
        TextInspection.of(text.withDecision(TextRecord.traced(folder, text.decision())));
    return of(Kind.CONVERTED, config, stored, true, traced, traced.warnings());
  }

  private record Stored(String type, long elements, long bytes) {}

  private static CheckpointInspection of(
      Kind kind,
      ModelConfig config,
      Map<String, Stored> stored,
      boolean byValue,
      TextInspection text,
      List<String> warnings) {
    long unrolled = 0;
    long unrolledBytes = 0;
    Map<String, Integer> uses = new HashMap<>();
    for (String place : TensorNames.shapes(config).keySet()) {
      String name = config.storedName(place);
      Stored tensor = stored.get(name);
      if (!(place.equals(TensorNames.HEAD) && config.architecture().tiedHead())) {
        unrolled += tensor.elements();
        unrolledBytes += tensor.bytes();
        uses.merge(name, 1, Integer::sum);
      }
    }
    long unique = 0;
    long uniqueBytes = 0;
    long sharedBytes = 0;
    Map<String, Long> types = new TreeMap<>();
    for (Map.Entry<String, Stored> entry : stored.entrySet()) {
      Stored tensor = entry.getValue();
      unique += tensor.elements();
      uniqueBytes += tensor.bytes();
      sharedBytes += uses.getOrDefault(entry.getKey(), 0) > 1 ? tensor.bytes() : 0;
      types.merge(tensor.type(), tensor.elements(), Long::sum);
    }
    return new CheckpointInspection(
        kind,
        config,
        new Weights(
            new Amount(unrolled, unrolledBytes),
            new Amount(unique, uniqueBytes),
            sharedBytes,
            types,
            byValue),
        CacheEstimate.of(config),
        text,
        warnings);
  }
}
