package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.format.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the settings of a checkpoint folder say about the model: {@code config.json}, and {@code
 * train_config.yaml} where there is one.
 *
 * @param config without aliases: which tensors are the same only the tensors themselves say
 * @param files the settings' files
 * @param warnings for the conversion's report
 */
public record SourceModel(ModelConfig config, List<Path> files, List<String> warnings) {
  static final String CONFIG = "config.json";
  static final String TRAINING = "train_config.yaml";
  private static final long MAX_CONFIG_BYTES = 1L << 20;
  private static final long MAX_CONVERTED_BYTES = 16L << 20;

  /**
   * Whether {@code folder} has a configuration of a converted model, judging by its {@code format}
   * alone.
   */
  public static boolean isConverted(Path folder) throws IOException {
    Path file = folder.resolve(CONFIG);
    return Files.isRegularFile(file)
        && StrictJson.read(file, MAX_CONVERTED_BYTES).get("format") != null;
  }

  /** Whether the authors' training settings are there; otherwise it is a plain Llama model. */
  public boolean hasTrainingSettings() {
    return files.size() > 1;
  }

  /** The configuration with {@code aliases}. */
  public ModelConfig withAliases(Map<String, String> aliases) {
    return config.withAliases(aliases);
  }

  /**
   * Reads and checks the settings in {@code folder}.
   *
   * @throws ModelFormatException where a setting is missing, wrong, not supported, or contradicts
   *     another
   */
  public static SourceModel read(Path folder) throws IOException {
    Path configFile = folder.resolve(CONFIG);
    if (!SourceFolder.has(configFile)) {
      throw new ModelFormatException(
          folder, "the folder has no " + CONFIG + ", expected a checkpoint");
    }
    List<Path> files = new ArrayList<>(List.of(configFile));
    Settings settings = new Settings(configFile, StrictJson.read(configFile, MAX_CONFIG_BYTES));
    HuggingFaceConfig huggingFace = HuggingFaceConfig.read(settings);
    ArchitectureConfig architecture = huggingFace.architecture();
    Path trainingFile = folder.resolve(TRAINING);
    TrainingConfig training;
    if (SourceFolder.has(trainingFile)) {
      files.add(trainingFile);
      Map<String, Object> yaml = BoundedYaml.read(trainingFile);
      training = TrainingConfig.read(trainingFile, yaml, architecture.layers());
    } else {
      training = TrainingConfig.NONE;
    }
    huggingFace.checkAgainst(training, configFile, trainingFile);
    ModelConfig config =
        new ModelConfig(
            architecture,
            training.sharing(),
            training.recursions(),
            training.routing(),
            training.caching(),
            Map.of());
    try {
      config.validate();
    } catch (ModelFormatException e) {
      throw new ModelFormatException(files.getLast(), e.getMessage(), e);
    }
    if (config.caching() != Caching.RECURSION_WISE) {
      training.checkBaseDepth(trainingFile, config.blockLayers());
    }
    return new SourceModel(config, List.copyOf(files), huggingFace.warnings());
  }
}
