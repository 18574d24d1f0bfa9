package dev.mor4j.converter;

import dev.mor4j.converter.source.NamedTensors;
import dev.mor4j.converter.source.SourceFolder;
import dev.mor4j.converter.source.SourceModel;
import dev.mor4j.converter.source.SourceTensor;
import dev.mor4j.converter.source.SourceWeights;
import dev.mor4j.converter.source.TokenizerFile;
import dev.mor4j.converter.write.ResolvedHead;
import dev.mor4j.converter.write.SharedTensors;
import dev.mor4j.converter.write.SourceFiles;
import dev.mor4j.converter.write.WeightsFile;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.StrictJson;
import dev.mor4j.runtime.format.TensorNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * Converts a checkpoint folder to a model folder that mor4j runs.
 *
 * <pre>
 *   in:  config.json, [train_config.yaml], [tokenizer.json], and one of
 *        model.safetensors | model.safetensors.index.json | pytorch_model.bin | pytorch_model.bin.index.json
 *   out: config.json, model.safetensors, [tokenizer.json], conversion.json
 * </pre>
 *
 * Tensors that are the same are stored once, and tensors that differ are kept, whatever the
 * settings say of sharing. Weights stream from file to file; the heap needed does not grow with
 * them.
 */
public final class CheckpointConverter {
  private CheckpointConverter() {}

  /**
   * Converts {@code source} to the new folder {@code destination}, which appears whole or not at
   * all. An interrupt of the thread ends the conversion.
   *
   * @return what was made
   * @throws ModelFormatException where the checkpoint is damaged, contradicts itself or needs what
   *     is not supported
   * @throws IOException where reading or writing fails, as on a full disk
   */
  public static ConversionReport convert(Path source, Path destination, ConversionOptions options)
      throws IOException {
    checkApart(source, destination);
    OutputFolder.check(destination, options.overwrite());
    SourceModel model = SourceModel.read(source);
    try (SourceWeights weights = SourceWeights.open(source)) {
      Map<String, SourceTensor> named = NamedTensors.of(source, model.config(), weights.tensors());
      SharedTensors shared = compare(named, options);
      ResolvedHead head = ResolvedHead.of(source, model, shared);
      ModelConfig config = head.config();
      List<String> warnings = new ArrayList<>(model.warnings());
      warnings.addAll(weights.warnings());
      warnings.addAll(head.warnings());
      List<Path> files = new ArrayList<>(model.files());
      files.addAll(weights.files());
      try (OutputFolder output = OutputFolder.create(destination, options.overwrite())) {
        Path tokenizer = source.resolve(TokenizerFile.NAME);
        if (SourceFolder.has(tokenizer)) {
          files.add(tokenizer);
          checkTokenizer(tokenizer, config, warnings);
          Files.copy(tokenizer, output.path().resolve(OutputFolder.TOKENIZER));
        }
        Path weightsFile = output.path().resolve(OutputFolder.WEIGHTS);
        WeightsFile.write(
            weightsFile, shared.stored(), step("writing weights", bytes(shared.stored()), options));
        ModelConfigJson.write(config, output.path().resolve(ModelConfigJson.FILE_NAME));
        List<String> untied = shared.untied(config);
        StrictJson.write(
            describe(
                SourceFiles.describe(
                    files, step("hashing the checkpoint", SourceFiles.bytes(files), options)),
                config,
                shared,
                untied,
                warnings),
            output.path().resolve(OutputFolder.REPORT));
        // What was written is read back with the reader that will read it.
        ModelConfigJson.read(output.path().resolve(ModelConfigJson.FILE_NAME));
        SafetensorsFile written = SafetensorsFile.open(weightsFile);
        output.commit();
        return new ConversionReport(
            destination,
            config,
            TensorNames.shapes(config).size(),
            shared.stored().size(),
            written.size(),
            untied,
            warnings);
      }
    }
  }

  private static void checkApart(Path source, Path destination) throws IOException {
    if (!Files.isDirectory(source)) {
      throw new ModelFormatException(
          source, "the source is no folder, expected a checkpoint folder");
    }
    Path from = source.toRealPath();
    Path to =
        Files.exists(destination)
            ? destination.toRealPath()
            : destination.toAbsolutePath().normalize();
    if (from.startsWith(to)) {
      throw new ModelFormatException(
          destination, "the destination is or contains the source, expected another folder");
    }
  }

  private static SharedTensors compare(Map<String, SourceTensor> named, ConversionOptions options)
      throws IOException {
    long total = bytes(SharedTensors.byPlace(named).stored());
    return SharedTensors.byValue(named, step("comparing tensors", total, options));
  }

  private static void checkTokenizer(Path tokenizer, ModelConfig config, List<String> warnings)
      throws IOException {
    long ids = TokenizerFile.vocabulary(tokenizer);
    if (ids > config.architecture().vocabulary()) {
      warnings.add(
          "tokenizer.json uses "
              + ids
              + " token ids, but vocab_size is "
              + config.architecture().vocabulary());
    }
  }

  private static Map<String, Object> describe(
      List<Object> files,
      ModelConfig config,
      SharedTensors shared,
      List<String> untied,
      List<String> warnings)
      throws IOException {
    Map<String, Object> types = new TreeMap<>();
    shared
        .stored()
        .forEach(
            (name, tensor) -> {
              DType stored = WeightsFile.storedType(name, tensor.dtype());
              String type =
                  stored == tensor.dtype()
                      ? stored.name()
                      : tensor.dtype() + " stored as " + stored;
              types.merge(type, 1L, (a, b) -> (Long) a + (Long) b);
            });
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("tool", "mor4j weights-converter");
    report.put("version", ToolVersion.current());
    report.put("source_files", files);
    report.put("tensors", TensorNames.shapes(config).size());
    report.put("stored_tensors", shared.stored().size());
    report.put("stored_tensors_by_type", types);
    report.put("tied_head", config.aliases().containsKey(TensorNames.HEAD));
    report.put("untied", untied);
    report.put("warnings", warnings);
    return report;
  }

  private static long bytes(Map<String, SourceTensor> tensors) {
    return tensors.values().stream().mapToLong(SourceTensor::byteSize).sum();
  }

  private static LongConsumer step(String what, long total, ConversionOptions options) {
    long[] done = {0};
    return length -> {
      done[0] += length;
      options.progress().report(done[0], total, what);
    };
  }
}
