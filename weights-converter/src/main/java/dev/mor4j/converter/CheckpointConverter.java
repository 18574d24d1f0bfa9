package dev.mor4j.converter;

import dev.mor4j.converter.source.SourceFolder;
import dev.mor4j.converter.source.SourceTensor;
import dev.mor4j.converter.source.TokenizerFile;
import dev.mor4j.converter.write.SourceFiles;
import dev.mor4j.converter.write.WeightsFile;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.StoredTensor;
import dev.mor4j.runtime.format.StoredTensors;
import dev.mor4j.runtime.format.StrictJson;
import dev.mor4j.runtime.format.TensorNames;
import dev.mor4j.runtime.packing.Packing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Converts a checkpoint folder to a model folder that mor4j runs, with its matrices packed where
 * that is asked for. A model converted before can be packed too.
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
  /** The key of the report that only quantised models have. */
  static final String QUANTIZATION = "quantization";

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
    try (ConversionSource from = ConversionSource.open(source, options)) {
      ModelConfig config = from.config();
      Map<String, SourceTensor> stored = from.shared().stored();
      List<String> warnings = new ArrayList<>(from.warnings());
      List<Path> files = new ArrayList<>(from.files());
      try (OutputFolder output = OutputFolder.create(destination, options.overwrite())) {
        Path tokenizer = source.resolve(TokenizerFile.NAME);
        if (SourceFolder.has(tokenizer)) {
          files.add(tokenizer);
          checkTokenizer(tokenizer, config, warnings);
          Files.copy(tokenizer, output.path().resolve(OutputFolder.TOKENIZER));
        }
        Path weightsFile = output.path().resolve(OutputFolder.WEIGHTS);
        WeightsFile.write(
            weightsFile,
            stored,
            name -> packing(name, options),
            options
                .quantization()
                .map(how -> Map.of("quantization", how.layers().label()))
                .orElse(Map.of()),
            options.progress().step("writing weights", SourceTensor.bytes(stored.values())));
        ModelConfigJson.write(config, output.path().resolve(ModelConfigJson.FILE_NAME));
        List<Object> described =
            SourceFiles.describe(
                files, options.progress().step("hashing the checkpoint", SourceFiles.bytes(files)));
        // What was written is read back as it will be read.
        ModelConfig read = ModelConfigJson.read(output.path().resolve(ModelConfigJson.FILE_NAME));
        SafetensorsFile written = SafetensorsFile.open(weightsFile);
        Map<String, StoredTensor> tensors = StoredTensors.of(written, read);
        ConversionReport report =
            new ConversionReport(
                destination,
                config,
                tensors.size(),
                stored.size(),
                written.size(),
                from.shared().untied(config),
                warnings);
        StrictJson.write(
            describe(described, report, stored, options),
            output.path().resolve(OutputFolder.REPORT));
        output.commit();
        return report;
      }
    }
  }

  private static Optional<Packing> packing(String name, ConversionOptions options) {
    return options.quantization().flatMap(how -> how.packingOf(name));
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
      ConversionReport report,
      Map<String, SourceTensor> stored,
      ConversionOptions options)
      throws IOException {
    Map<String, Object> types = new TreeMap<>();
    stored.forEach(
        (name, tensor) -> {
          String type =
              packing(name, options)
                  .map(Packing::typeName)
                  .orElseGet(() -> WeightsFile.storedType(name, tensor.dtype()).name());
          String source = tensor.dtype().name();
          types.merge(
              type.equals(source) ? type : source + " stored as " + type,
              1L,
              (a, b) -> (Long) a + (Long) b);
        });
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("tool", "mor4j weights-converter");
    json.put("version", ToolVersion.current());
    json.put("source_files", files);
    json.put("tensors", report.tensors());
    json.put("stored_tensors", report.storedTensors());
    json.put("stored_tensors_by_type", types);
    if (options.quantization().isPresent()) {
      Quantization how = options.quantization().get();
      Map<String, Object> quantization = new LinkedHashMap<>();
      quantization.put("layers", how.layers().label());
      quantization.put("embedding_and_head", how.head().label());
      json.put(QUANTIZATION, quantization);
    }
    json.put("tied_head", report.config().aliases().containsKey(TensorNames.HEAD));
    json.put("untied", report.untied());
    json.put("warnings", report.warnings());
    return json;
  }
}
