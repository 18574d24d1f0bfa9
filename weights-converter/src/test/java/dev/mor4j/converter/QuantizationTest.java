package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.SafetensorsWriter;
import dev.mor4j.runtime.format.StoredTensor;
import dev.mor4j.runtime.format.StoredTensors;
import dev.mor4j.runtime.format.StrictJson;
import dev.mor4j.runtime.format.TensorNames;
import dev.mor4j.runtime.packing.Bfloat16;
import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.packing.PanelReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Conversion with packed matrices: what is written, from what, and what is refused. */
class QuantizationTest {
  private static final ConversionOptions INT8 =
      ConversionOptions.DEFAULT.withQuantization(Quantization.of(Packing.INT8));

  @TempDir Path dir;

  static List<Path> checkpoints() throws IOException {
    return Checkpoints.all();
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void checkpointsAndConvertedModelsGiveTheSameBytes(Path source) throws IOException {
    Path plain = dir.resolve("plain");
    Path straight = dir.resolve("straight");
    Path twice = dir.resolve("twice");
    CheckpointConverter.convert(source, plain, ConversionOptions.DEFAULT);
    ConversionReport report = CheckpointConverter.convert(source, straight, INT8);
    CheckpointConverter.convert(plain, twice, INT8);
    for (String file : List.of("config.json", "model.safetensors")) {
      assertThat(twice.resolve(file)).hasSameBinaryContentAs(straight.resolve(file));
    }
    assertThat(plain.resolve("config.json"))
        .hasSameBinaryContentAs(straight.resolve("config.json"));
    assertThat(Checkpoints.list(twice)).isEqualTo(Checkpoints.list(plain));
    checkTensors(plain, straight, report.config());
  }

  /** Matrices packed, near what they were; all else as it was. */
  private static void checkTensors(Path plain, Path packed, ModelConfig config) throws IOException {
    SafetensorsFile before = SafetensorsFile.open(plain.resolve("model.safetensors"));
    SafetensorsFile after = SafetensorsFile.open(packed.resolve("model.safetensors"));
    assertThat(after.metadata()).containsEntry("quantization", "int8");
    assertThat(before.metadata()).doesNotContainKey("quantization");
    Map<String, StoredTensor> original = StoredTensors.of(before, config);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = before.map(arena);
      MemorySegment to = after.map(arena);
      StoredTensors.of(after, config)
          .forEach(
              (name, tensor) -> {
                StoredTensor as = original.get(name);
                boolean matrix = TensorNames.mayBePacked(name);
                assertThat(tensor.packing())
                    .as(name)
                    .isEqualTo(matrix ? Optional.of(Packing.INT8) : Optional.empty());
                assertThat(tensor.name()).isEqualTo(as.name());
                if (matrix) {
                  checkNear(from, as, to, tensor);
                } else {
                  assertThat(tensor.dtype()).isEqualTo(as.dtype());
                  assertThat(slice(to, tensor).mismatch(slice(from, as))).as(name).isEqualTo(-1);
                }
              });
    }
  }

  private static void checkNear(
      MemorySegment from, StoredTensor as, MemorySegment to, StoredTensor tensor) {
    int cols = (int) tensor.cols();
    PanelReader reader = new PanelReader(Packing.INT8, slice(to, tensor), cols);
    float[] row = new float[cols];
    for (int r = 0; r < tensor.rows(); r++) {
      reader.readRow(r, row);
      for (int block = 0; block < cols; block += 32) {
        float magnitude = 0;
        float difference = 0;
        for (int c = block; c < Math.min(cols, block + 32); c++) {
          float x = number(slice(from, as), as.dtype(), (long) r * cols + c);
          magnitude = Math.max(magnitude, Math.abs(x));
          difference = Math.max(difference, Math.abs(x - row[c]));
        }
        // Half a step, and a scale of which a neighbour may have been better: two last places.
        assertThat(difference).isLessThanOrEqualTo(magnitude / 127 * 0.51f);
      }
    }
  }

  private static MemorySegment slice(MemorySegment file, StoredTensor tensor) {
    return file.asSlice(tensor.offset(), tensor.byteSize());
  }

  private static float number(MemorySegment values, DType dtype, long index) {
    return dtype == DType.F32
        ? values.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index)
        : Bfloat16.widen(values.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, index));
  }

  @ParameterizedTest
  @EnumSource(Packing.class)
  void quantisedModelsAreRefusedAsSources(Packing packing) throws IOException {
    Path once = dir.resolve("once");
    ConversionOptions options =
        ConversionOptions.DEFAULT.withQuantization(Quantization.of(packing));
    CheckpointConverter.convert(Checkpoints.golden("token-n3"), once, options);
    refused(once, INT8, once + ": is already quantised as " + packing.label() + ", convert from");
    refused(once, ConversionOptions.DEFAULT, once + ": is a converted model, expected a check");
    assertThat(Checkpoints.list(dir)).containsExactly("once");
  }

  @Test
  void headAndEmbeddingMayBePackedOtherwise() throws IOException {
    Path source = Checkpoints.golden("vanilla-untied-head");
    Path out = dir.resolve("out");
    Quantization how = Quantization.of(Packing.INT4);
    assertThat(how.head()).isEqualTo(Packing.INT8);
    ConversionReport report =
        CheckpointConverter.convert(source, out, ConversionOptions.DEFAULT.withQuantization(how));
    Map<String, StoredTensor> tensors =
        StoredTensors.of(SafetensorsFile.open(out.resolve("model.safetensors")), report.config());
    assertThat(tensors.get(TensorNames.HEAD).packing()).contains(Packing.INT8);
    assertThat(tensors.get(TensorNames.EMBEDDING).packing()).contains(Packing.INT8);
    assertThat(tensors.get(TensorNames.layer(1, "down")).packing()).contains(Packing.INT4);
    assertThat(StrictJson.read(out.resolve("conversion.json"), 1 << 20).get("quantization"))
        .isEqualTo(Map.of("layers", "int4", "embedding_and_head", "int8"));
  }

  @Test
  void inspectionCountsNumbersAndStoredBytes() throws IOException {
    Path source = Checkpoints.trained();
    CheckpointConverter.convert(source, dir.resolve("plain"), ConversionOptions.DEFAULT);
    CheckpointConverter.convert(source, dir.resolve("int8"), INT8);
    CheckpointInspection plain = CheckpointInspection.inspect(dir.resolve("plain"));
    CheckpointInspection int8 = CheckpointInspection.inspect(dir.resolve("int8"));
    assertThat(int8.uniqueParameters()).isEqualTo(plain.uniqueParameters());
    assertThat(int8.unrolledParameters()).isEqualTo(plain.unrolledParameters());
    long small = 3584;
    assertThat(int8.types())
        .isEqualTo(Map.of("BF16", small, "INT8", plain.uniqueParameters() - small));
    // Every size is a multiple of 64 here: no padding.
    assertThat(int8.uniqueBytes())
        .isEqualTo(2 * small + (plain.uniqueParameters() - small) * 17 / 16);
    assertThat(SourceRecord.matches(dir.resolve("plain"), source)).isTrue();
    assertThat(SourceRecord.matches(dir.resolve("int8"), source)).isFalse();
  }

  @Test
  void numbersTooLargeToBePackedAreNamed() throws IOException {
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    Path file = source.resolve("model.safetensors");
    String name = "model.layers.1.mlp.up_proj.weight";
    SafetensorsFile.Tensor tensor = SafetensorsFile.open(file).tensors().get(name);
    assertThat(tensor.dtype()).isEqualTo(DType.F32);
    long cols = tensor.shape().getLast();
    write(file, tensor.offset() + (17 * cols + 3) * Float.BYTES, 2e38f);
    for (Packing packing : Packing.values()) {
      refused(
          source,
          ConversionOptions.DEFAULT.withQuantization(Quantization.of(packing)),
          file + ": tensor " + name + " has 2.0E38 in row 17, column 3, expected finite");
    }
    // Packed or not at all: such numbers are no reason to refuse a model that stays as it is.
    CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT);
    assertThat(Checkpoints.list(dir)).containsExactly("out", "source");
  }

  private static void write(Path file, long at, float value) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, value);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(bytes, at);
    }
  }

  @Test
  void interruptEndsTheConversionAndRemovesWhatWasWritten() throws IOException {
    ConversionProgress interrupting =
        (done, total, what) -> {
          if (what.equals("writing weights")) {
            Thread.currentThread().interrupt();
          }
        };
    ConversionOptions options = new ConversionOptions(false, INT8.quantization(), interrupting);
    try {
      assertThatThrownBy(
              () ->
                  CheckpointConverter.convert(
                      Checkpoints.golden("expert-n3"), dir.resolve("out"), options))
          .isInstanceOf(IOException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(Checkpoints.list(dir)).isEmpty();
  }

  /**
   * Equal tensors that are packed differently cannot be one: here all matrices are zero, and the
   * vocabulary is as large as the feed-forward.
   */
  @Test
  void equalTensorsArePackedApart() throws IOException {
    Path source = Files.createDirectory(dir.resolve("source"));
    Files.writeString(
        source.resolve("config.json"),
        """
        {"model_type": "llama", "hidden_size": 8, "intermediate_size": 40, "num_attention_heads": 1,
         "head_dim": 8, "num_hidden_layers": 2, "vocab_size": 40, "tie_word_embeddings": true}
        """);
    writeZeros(source.resolve("model.safetensors"));
    ConversionOptions options =
        ConversionOptions.DEFAULT.withQuantization(new Quantization(Packing.INT8, Packing.BF16));
    CheckpointConverter.convert(source, dir.resolve("plain"), ConversionOptions.DEFAULT);
    ConversionReport report = CheckpointConverter.convert(source, dir.resolve("out"), options);
    CheckpointConverter.convert(dir.resolve("plain"), dir.resolve("twice"), options);
    // Embedding and head; gate and up; q, k, v and o; down; the norms.
    assertThat(report.storedTensors()).isEqualTo(5);
    assertThat(report.config().storedName(TensorNames.HEAD)).isEqualTo(TensorNames.EMBEDDING);
    assertThat(report.config().storedName(TensorNames.layer(1, "up")))
        .isEqualTo(TensorNames.layer(0, "gate"));
    assertThat(dir.resolve("twice/model.safetensors"))
        .hasSameBinaryContentAs(dir.resolve("out/model.safetensors"));
    assertThat(dir.resolve("twice/config.json"))
        .hasSameBinaryContentAs(dir.resolve("out/config.json"));
    ModelOptions java = ModelOptions.defaults().withKernels(KernelChoice.JAVA);
    try (MorModel model = MorModel.open(dir.resolve("out"), java)) {
      assertThat(model.config()).isEqualTo(report.config());
    }
  }

  private static void writeZeros(Path file) throws IOException {
    List<SafetensorsWriter.Entry> plan = new java.util.ArrayList<>();
    plan.add(entry("model.embed_tokens", 40L, 8L));
    plan.add(entry("model.norm", 8L));
    for (String layer : List.of("model.layers.0.", "model.layers.1.")) {
      for (String part : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        plan.add(entry(layer + "self_attn." + part, 8L, 8L));
      }
      plan.add(entry(layer + "mlp.gate_proj", 40L, 8L));
      plan.add(entry(layer + "mlp.up_proj", 40L, 8L));
      plan.add(entry(layer + "mlp.down_proj", 8L, 40L));
      plan.add(entry(layer + "input_layernorm", 8L));
      plan.add(entry(layer + "post_attention_layernorm", 8L));
    }
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, plan, Map.of())) {
      for (SafetensorsWriter.Entry entry : plan) {
        writer.write(entry.name(), sink -> sink.write(ByteBuffer.allocate((int) entry.byteSize())));
      }
      writer.finish();
    }
  }

  private static SafetensorsWriter.Entry entry(String module, Long... shape) {
    return new SafetensorsWriter.Entry(module + ".weight", DType.F32, List.of(shape));
  }

  private void refused(Path source, ConversionOptions options, String message) {
    assertThatThrownBy(() -> CheckpointConverter.convert(source, dir.resolve("out"), options))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(message);
    assertThat(dir.resolve("out")).doesNotExist();
  }
}
