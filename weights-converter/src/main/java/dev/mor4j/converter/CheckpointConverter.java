package dev.mor4j.converter;

import dev.mor4j.converter.source.SourceTensor;
import dev.mor4j.converter.source.SourceText;
import dev.mor4j.converter.write.NonFiniteTensor;
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
 *   in:  config.json, [train_config.yaml], [files of the text], and one of
 *        model.safetensors | model.safetensors.index.json | pytorch_model.bin | pytorch_model.bin.index.json
 *   out: config.json, model.safetensors, [files of the text], conversion.json
 * </pre>
 *
 * The files of the text are a tokenizer (tokenizer.json, else tokenizer.model, else vocab.json with
 * merges.txt) and what lies beside it: tokenizer_config.json, special_tokens_map.json,
 * generation_config.json, chat_template.jinja, chat_template.json. They are copied as they are, and
 * what they say of the beginning and the end of texts is written into config.json.
 *
 * <p>Tensors that are the same are stored once, and tensors that differ are kept, whatever the
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
   *     is not supported, or has weights that are NaN or infinite and may not
   * @throws IOException where reading or writing fails, as on a full disk
   */
  public static ConversionReport convert(Path source, Path destination, ConversionOptions options)
      throws IOException {
    checkApart(source, destination);
    OutputFolder.check(destination, options.overwrite());
    try (ConversionSource from = ConversionSource.open(source, options)) {
      SourceText text = from.text();
      ModelConfig config = from.config();
      Map<String, SourceTensor> stored = from.shared().stored();
      List<String> warnings = new ArrayList<>(from.warnings());
      List<Path> files = new ArrayList<>(from.files());
      try (OutputFolder output = OutputFolder.create(destination, options.overwrite())) {
        for (Path file : text.files()) {
          Files.copy(file, output.path().resolve(file.getFileName()));
        }
        Path weightsFile = output.path().resolve(OutputFolder.WEIGHTS);
        List<NonFiniteTensor> nonFinite =
            WeightsFile.write(
                weightsFile,
                stored,
                name -> packing(name, options),
                options
                    .quantization()
                    .map(how -> Map.of("quantization", how.layers().label()))
                    .orElse(Map.of()),
                options.progress().step("writing weights", SourceTensor.bytes(stored.values())));
        checkFinite(source, nonFinite, options).ifPresent(warnings::add);
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
            describe(described, report, from, options), output.path().resolve(OutputFolder.REPORT));
        output.commit();
        return report;
      }
    }
  }

  private static Optional<Packing> packing(String name, ConversionOptions options) {
    return options.quantization().flatMap(how -> how.packingOf(name));
  }

  /** What to warn of. */
  private static Optional<String> checkFinite(
      Path source, List<NonFiniteTensor> found, ConversionOptions options)
      throws ModelFormatException {
    if (found.isEmpty()) {
      return Optional.empty();
    }
    String text = NonFiniteTensor.describe(found);
    if (found.stream().anyMatch(NonFiniteTensor::packed)) {
      throw new ModelFormatException(
          source, text + "; expected finite numbers, of which alone matrices are packed");
    }
    if (!options.allowNonFinite()) {
      throw new ModelFormatException(
          source,
          text + "; expected finite numbers, or the option to keep others (--allow-non-finite)");
    }
    return Optional.of(text);
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

  private static Map<String, Object> describe(
      List<Object> files, ConversionReport report, ConversionSource from, ConversionOptions options)
      throws IOException {
    Map<String, SourceTensor> stored = from.shared().stored();
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
    json.put(TextRecord.KEY, TextRecord.describe(from.text()));
    json.put("tied_head", report.config().aliases().containsKey(TensorNames.HEAD));
    json.put("untied", report.untied());
    json.put("warnings", report.warnings());
    return json;
  }
}
