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
import dev.mor4j.runtime.packing.Packing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * What a conversion starts from: the settings and tensors of a checkpoint, or of a model converted
 * before. Owns the mappings of the files; for the thread that opened it.
 *
 * @param config with the aliases of {@code shared}, and with what {@code text} says
 * @param text the tokenizer and what lies beside it
 * @param shared the tensors to store, each once
 * @param files those read so far
 * @param warnings for the conversion's report
 */
record ConversionSource(
    SourceWeights weights,
    ModelConfig config,
    SourceText text,
    SharedTensors shared,
    List<Path> files,
    List<String> warnings)
    implements AutoCloseable {

  /**
   * Opens {@code folder}.
   *
   * @throws ModelFormatException where the folder is damaged, contradicts itself, needs what is not
   *     supported, or is a converted model that there is nothing to do with
   */
  static ConversionSource open(Path folder, ConversionOptions options) throws IOException {
    if (SourceModel.isConverted(folder)) {
      return converted(folder, options);
    }
    SourceModel model = SourceModel.read(folder);
    SourceText text =
        SourceText.read(folder, model.config().architecture().vocabulary(), options.tokenizer());
    SourceWeights weights = SourceWeights.open(folder);
    try {
      Map<String, SourceTensor> named = NamedTensors.of(folder, model.config(), weights.tensors());
      SharedTensors shared = apart(compare(named, options), model.config(), options);
      ResolvedHead head = ResolvedHead.of(folder, model, shared);
      List<String> warnings = new ArrayList<>(model.warnings());
      warnings.addAll(weights.warnings());
      warnings.addAll(head.warnings());
      warnings.addAll(text.warnings());
      List<Path> files = new ArrayList<>(model.files());
      files.addAll(weights.files());
      files.addAll(text.files());
      return new ConversionSource(
          weights, text.decided(head.config()), text, shared, files, warnings);
    } catch (IOException | RuntimeException | Error e) {
      weights.close();
      throw e;
    }
  }

  private static ConversionSource converted(Path folder, ConversionOptions options)
      throws IOException {
    if (options.quantization().isEmpty()) {
      throw new ModelFormatException(
          folder, "is a converted model, expected a checkpoint, or the option to quantise it");
    }
    Path configFile = folder.resolve(ModelConfigJson.FILE_NAME);
    ModelConfig config = ModelConfigJson.read(configFile);
    Path file = folder.resolve(OutputFolder.WEIGHTS);
    Map<String, StoredTensor> stored = StoredTensors.of(SafetensorsFile.open(file), config);
    Optional<Packing> packed = StoredTensors.packing(stored);
    if (packed.isPresent()) {
      throw new ModelFormatException(
          folder,
          "is already quantised as " + packed.get().label() + ", convert from the original");
    }
    SourceText found =
        SourceText.read(folder, config.architecture().vocabulary(), options.tokenizer());
    SourceText text = found.withDecision(TextRecord.traced(folder, found.decision()));
    ModelConfig kept = options.tokenizer() ? config : config.withText(Optional.empty());
    SourceWeights weights = SourceWeights.open(folder);
    try {
      Map<String, SourceTensor> tensors = new LinkedHashMap<>();
      for (StoredTensor tensor : stored.values()) {
        tensors.put(tensor.name(), weights.tensors().get(tensor.name()));
      }
      SharedTensors shared = apart(new SharedTensors(tensors, config.aliases()), config, options);
      List<Path> files = new ArrayList<>(List.of(configFile));
      files.addAll(weights.files());
      files.addAll(text.files());
      return new ConversionSource(
          weights, kept.withAliases(shared.aliases()), text, shared, files, text.warnings());
    } catch (RuntimeException | Error e) {
      weights.close();
      throw e;
    }
  }

  private static SharedTensors compare(Map<String, SourceTensor> named, ConversionOptions options)
      throws IOException {
    long total = SourceTensor.bytes(SharedTensors.byPlace(named).stored().values());
    LongConsumer progress = options.progress().step("comparing tensors", total);
    return SharedTensors.byValue(named, progress);
  }

  /** Equal tensors that are to be packed differently become two. */
  private static SharedTensors apart(
      SharedTensors shared, ModelConfig config, ConversionOptions options) {
    return options
        .quantization()
        .map(how -> shared.apart(TensorNames.shapes(config).keySet(), how::packingOf))
        .orElse(shared);
  }

  @Override
  public void close() {
    weights.close();
  }
}
