package dev.mor4j.converter.gguf;

import dev.mor4j.converter.OutputFile;
import dev.mor4j.converter.OutputFolder;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.text.bounds.TextFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Exports a model folder as a GGUF file of the architecture {@code llama}, which llama.cpp reads.
 *
 * <pre>
 *   in:  config.json, model.safetensors (F32 or BF16), [tokenizer.json]
 *   out: one file; layers that share weights unrolled, norms float32, q and k interleaved
 * </pre>
 *
 * Models with a router are refused: no engine that reads GGUF knows what to do with one. Rows
 * stream from file to file; the heap needed does not grow with the model.
 */
public final class GgufExport {
  private static final int PIECE_BYTES = 1 << 18;
  private static final String STEP = "writing GGUF";

  private final ModelConfig config;
  private final SafetensorsFile weights;
  private final GgufOptions options;
  private final GgufType type;
  private final List<LlamaTensors.Place> places;
  private final List<GgufWriter.Entry> plan = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private long bytesDone;
  private long bytesTotal;

  private GgufExport(ModelConfig config, SafetensorsFile weights, GgufOptions options)
      throws ModelFormatException {
    this.config = config;
    this.weights = weights;
    this.options = options;
    this.places = LlamaTensors.of(config);
    for (LlamaTensors.Place place : places) {
      check(place);
    }
    this.type = options.type().orElseGet(this::storedType);
    for (LlamaTensors.Place place : places) {
      plan.add(new GgufWriter.Entry(place.name(), typeOf(place), place.shape()));
    }
  }

  /**
   * Exports the model in {@code folder} to the new file {@code file}, which appears whole or not at
   * all. An interrupt of the thread ends the export.
   *
   * @return what was made
   * @throws ModelFormatException where the model has a router, shares keys and values between
   *     recursions, is damaged, or holds numbers that the type cannot
   * @throws IOException where reading or writing fails, as on a full disk
   */
  public static GgufReport export(Path folder, Path file, GgufOptions options) throws IOException {
    checkReplaceable(file, options.overwrite());
    ModelConfig config = ModelConfigJson.read(folder.resolve(ModelConfigJson.FILE_NAME));
    requireDense(folder, config);
    SafetensorsFile weights = SafetensorsFile.open(folder.resolve(OutputFolder.WEIGHTS));
    requireUnpacked(folder, weights);
    GgufExport export = new GgufExport(config, weights, options);
    GgufMetadata metadata = export.metadata(folder);
    try (OutputFile output = OutputFile.create(file, options.overwrite())) {
      long bytes = export.write(output.path(), metadata);
      checkReplaceable(file, options.overwrite());
      output.commit();
      return new GgufReport(file, export.type, export.plan.size(), bytes, export.warnings);
    }
  }

  /** Only a GGUF file is replaced, whatever the option says. */
  private static void checkReplaceable(Path file, boolean overwrite) throws IOException {
    OutputFile.check(file, overwrite);
    if (Files.exists(file)) {
      try (InputStream in = Files.newInputStream(file)) {
        if (!Arrays.equals(in.readNBytes(4), "GGUF".getBytes(StandardCharsets.US_ASCII))) {
          throw new ModelFormatException(
              file, "the destination is another file, expected a GGUF file to overwrite");
        }
      }
    }
  }

  private static void requireDense(Path folder, ModelConfig config) throws ModelFormatException {
    String found =
        switch (config.routing()) {
          case RoutingConfig.None none ->
              config.caching() == Caching.RECURSION_WISE
                  ? ""
                  : "recursions that share keys and values (" + config.caching().configName() + ")";
          case RoutingConfig.ExpertChoice expert ->
              "an expert-choice router over " + config.recursions() + " recursions";
          case RoutingConfig.TokenChoice token ->
              "a token-choice router over " + config.recursions() + " recursions";
        };
    if (!found.isEmpty()) {
      throw new ModelFormatException(
          folder,
          "the model has "
              + found
              + ", which no engine that reads GGUF can run; expected a vanilla or recursive model"
              + " without a router");
    }
  }

  /** Errors of two quantisations would add up, silently. */
  private static void requireUnpacked(Path folder, SafetensorsFile weights)
      throws ModelFormatException {
    if (weights.tensors().values().stream().anyMatch(tensor -> tensor.dtype() == DType.U8)) {
      throw new ModelFormatException(
          folder,
          "the model is quantised, expected float32 or bfloat16 weights; export the model that it"
              + " was converted from");
    }
  }

  private SafetensorsFile.Tensor stored(LlamaTensors.Place place) {
    return weights.tensors().get(config.storedName(place.canonical()));
  }

  private void check(LlamaTensors.Place place) throws ModelFormatException {
    SafetensorsFile.Tensor tensor = stored(place);
    String found =
        tensor == null
            ? "is missing"
            : !tensor.shape().equals(place.shape())
                ? "has shape " + tensor.shape() + ", expected " + place.shape()
                : tensor.dtype() != DType.F32 && tensor.dtype() != DType.BF16
                    ? "has type " + tensor.dtype() + ", expected F32 or BF16"
                    : "";
    if (!found.isEmpty()) {
      throw new ModelFormatException(
          weights.path(), "tensor " + config.storedName(place.canonical()) + " " + found);
    }
  }

  private GgufType storedType() {
    return places.stream().anyMatch(place -> place.rows() > 1 && stored(place).dtype() == DType.F32)
        ? GgufType.F32
        : GgufType.BF16;
  }

  /** Norms are float32; what does not divide into blocks is float16, as llama.cpp has it. */
  private GgufType typeOf(LlamaTensors.Place place) {
    if (place.shape().size() == 1) {
      return GgufType.F32;
    }
    if (type.fits(place.columns())) {
      return type;
    }
    warnings.add(
        place.name()
            + " has "
            + place.columns()
            + " columns, not a multiple of the blocks of "
            + type.label()
            + "; it is f16");
    return GgufType.F16;
  }

  private GgufMetadata metadata(Path folder) throws IOException {
    ArchitectureConfig a = config.architecture();
    GgufMetadata metadata = new GgufMetadata();
    metadata.putText("general.architecture", "llama");
    metadata.putText("general.type", "model");
    metadata.putText(
        "general.name", String.valueOf(folder.toAbsolutePath().normalize().getFileName()));
    metadata.putUint32("general.alignment", GgufWriter.ALIGNMENT);
    metadata.putUint32("general.file_type", type.fileId());
    metadata.putUint32("general.quantization_version", 2);
    metadata.putUint32("llama.vocab_size", a.vocabulary());
    metadata.putUint32("llama.context_length", a.maxPositions());
    metadata.putUint32("llama.embedding_length", a.hidden());
    metadata.putUint32("llama.block_count", a.layers());
    metadata.putUint32("llama.feed_forward_length", a.intermediate());
    metadata.putUint32("llama.attention.head_count", a.heads());
    metadata.putUint32("llama.attention.head_count_kv", a.kvHeads());
    // Told always: engines take H / NH where it is not said, which need not be the head's size.
    metadata.putUint32("llama.attention.key_length", a.headDim());
    metadata.putUint32("llama.attention.value_length", a.headDim());
    metadata.putUint32("llama.rope.dimension_count", a.headDim());
    metadata.putFloat32("llama.rope.freq_base", (float) a.ropeTheta());
    metadata.putFloat32("llama.attention.layer_norm_rms_epsilon", a.rmsNormEps());
    List<Path> tokenizer = options.withTokenizer() ? TextFiles.tokenizer(folder) : List.of();
    if (!tokenizer.isEmpty()) {
      requireJson(tokenizer.getFirst());
      GgufTokenizer.put(tokenizer.getFirst(), config, metadata, warnings);
    } else {
      GgufTokenizer.putSynthetic(a, metadata);
      warnings.add("without a tokenizer, the text of token 17 is <17>; prompts have to be ids");
    }
    return metadata;
  }

  private static void requireJson(Path tokenizer) throws ModelFormatException {
    if (!tokenizer.endsWith(TextFiles.TOKENIZER_JSON)) {
      throw new ModelFormatException(
          tokenizer,
          "is the model's tokenizer, expected "
              + TextFiles.TOKENIZER_JSON
              + "; without a tokenizer the model can be exported");
    }
  }

  private long write(Path file, GgufMetadata metadata) throws IOException {
    long needed = GgufWriter.dataBytes(plan);
    long usable = Files.getFileStore(file.getParent()).getUsableSpace();
    if (usable < needed) {
      throw new IOException(
          "the disk of " + file.getParent() + " has " + usable + " bytes left, expected " + needed);
    }
    bytesTotal = needed;
    try (RowReader reader = RowReader.open(weights);
        GgufWriter writer = GgufWriter.create(file, metadata, plan)) {
      for (int i = 0; i < plan.size(); i++) {
        LlamaTensors.Place place = places.get(i);
        GgufType stored = plan.get(i).type();
        writer.write(place.name(), sink -> copy(place, stored, reader, sink));
      }
      writer.finish();
      return writer.size();
    }
  }

  private void copy(
      LlamaTensors.Place place, GgufType stored, RowReader reader, WritableByteChannel sink)
      throws IOException {
    SafetensorsFile.Tensor tensor = stored(place);
    float[] row = new float[place.columns()];
    ByteBuffer in = RowReader.buffer(tensor);
    int rowBytes = Math.toIntExact(stored.bytes(row.length));
    ByteBuffer out =
        ByteBuffer.allocateDirect(Math.max(PIECE_BYTES, rowBytes)).order(ByteOrder.LITTLE_ENDIAN);
    for (long i = 0; i < place.rows(); i++) {
      reader.read(tensor, place.sourceRow(i), in, row);
      if (stored != GgufType.F32 && !(RowEncoder.largest(row) <= stored.largest())) {
        throw new ModelFormatException(
            weights.path(),
            "tensor "
                + tensor.name()
                + " holds "
                + RowEncoder.largest(row)
                + ", expected numbers that "
                + stored.label()
                + " can store");
      }
      RowEncoder.encode(row, stored, out);
      if (out.remaining() < rowBytes || i == place.rows() - 1) {
        if (Thread.currentThread().isInterrupted()) {
          throw new InterruptedIOException("the export was interrupted");
        }
        bytesDone += out.position();
        sink.write(out.flip());
        out.clear();
        options.progress().report(bytesDone, bytesTotal, STEP);
      }
    }
  }
}
