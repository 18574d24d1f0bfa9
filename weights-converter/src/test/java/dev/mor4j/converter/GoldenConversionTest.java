package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.converter.source.NamedTensors;
import dev.mor4j.converter.source.SourceModel;
import dev.mor4j.converter.source.SourceTensor;
import dev.mor4j.converter.source.SourceWeights;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.SafetensorsWriter;
import dev.mor4j.runtime.format.Sharing;
import dev.mor4j.runtime.format.TensorNames;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class GoldenConversionTest {
  @TempDir Path dir;

  static List<Path> checkpoints() throws IOException {
    return Checkpoints.all();
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void everyTensorHasTheValuesOfTheSource(Path source) throws IOException {
    Path target = dir.resolve("converted");
    ConversionReport report =
        CheckpointConverter.convert(source, target, ConversionOptions.DEFAULT);
    ModelConfig config = ModelConfigJson.read(target.resolve("config.json"));
    assertThat(config).isEqualTo(report.config());
    SafetensorsFile converted = SafetensorsFile.open(target.resolve("model.safetensors"));
    assertThat(converted.tensors()).hasSize(report.storedTensors());
    try (Arena arena = Arena.ofConfined();
        SourceWeights weights = SourceWeights.open(source)) {
      MemorySegment bytes = converted.map(arena);
      SourceModel model = SourceModel.read(source);
      Map<String, SourceTensor> named = NamedTensors.of(source, model.config(), weights.tensors());
      for (String name : TensorNames.shapes(config).keySet()) {
        SafetensorsFile.Tensor stored = converted.tensors().get(config.storedName(name));
        assertThat(stored).as(name).isNotNull();
        assertThat(stored.offset() % SafetensorsWriter.ALIGNMENT).as(name).isZero();
        assertThat(stored.dtype()).as(name).isIn(DType.F32, DType.BF16);
        SourceTensor original =
            named.containsKey(name) ? named.get(name) : named.get(TensorNames.EMBEDDING);
        assertThat(floats(stored.dtype(), bytes.asSlice(stored.offset(), stored.byteSize())))
            .as(name)
            .isEqualTo(floats(original));
      }
    }
    assertThat(CheckpointInspection.inspect(target).uniqueBytes())
        .isLessThanOrEqualTo(report.weightBytes());
  }

  /** The number of stored tensors, worked out by hand from the settings. */
  @ParameterizedTest
  @CsvSource({
    // embedding (= head), norm, 3 routers, (2 unique + 2 block) layers of 9
    "expert-n3, 78, 41, 0",
    // the last two recursions keep 4 tensors for each of 2 layers
    "expert-n3-untied-attention, 78, 57, 16",
    // embedding, head, norm, 4 layers of 9, and 2 norms for each of 2 layers in 2 more recursions
    "recursive-middle-cycle-lnfree, 75, 47, 8",
    "recursive-middle-sequence, 75, 39, 0",
    "recursive-cycle, 57, 21, 0",
    "token-n3-lossfree, 77, 40, 0",
    "hf-llama, 30, 29, 0",
    "hf-llama-sharded-bf16, 30, 30, 0",
    "vanilla-untied-head, 30, 30, 0",
  })
  void storesOnceWhatIsTheSame(String golden, int tensors, int stored, int untied)
      throws IOException {
    ConversionReport report =
        CheckpointConverter.convert(
            Checkpoints.golden(golden), dir.resolve("out"), ConversionOptions.DEFAULT);
    assertThat(report.tensors()).isEqualTo(tensors);
    assertThat(report.storedTensors()).isEqualTo(stored);
    assertThat(report.untied()).hasSize(untied);
  }

  @Test
  void keepsUntiedAttentionApartAndSharesTheRest() throws IOException {
    ModelConfig config = convert("expert-n3-untied-attention");
    for (String part : TensorNames.PARTS) {
      String second = TensorNames.layer(3, part);
      boolean attention = List.of("q", "k", "v", "o").contains(part);
      assertThat(config.storedName(second))
          .isEqualTo(attention ? second : TensorNames.layer(1, part));
    }
  }

  @Test
  void keepsFreeNormsApart() throws IOException {
    ModelConfig config = convert("recursive-middle-cycle-lnfree");
    assertThat(config.aliases()).doesNotContainKey(TensorNames.layer(3, "input_norm"));
    assertThat(config.aliases()).doesNotContainKey(TensorNames.layer(3, "post_norm"));
    assertThat(config.storedName(TensorNames.layer(3, "gate")))
        .isEqualTo(TensorNames.layer(1, "gate"));
  }

  @Test
  void keepsHeadThatTheTrainingCodeUntied() throws IOException {
    ConversionReport report =
        CheckpointConverter.convert(
            Checkpoints.golden("recursive-cycle"), dir.resolve("out"), ConversionOptions.DEFAULT);
    assertThat(report.config().architecture().tiedHead()).isFalse();
    assertThat(report.config().aliases()).doesNotContainKey(TensorNames.HEAD);
    assertThat(report.warnings()).anyMatch(warning -> warning.contains("lm_head.weight differs"));
  }

  @Test
  void readsRoutingAndCaching() throws IOException {
    ModelConfig update = convert("expert-n3-kvshare-update");
    assertThat(update.caching()).isEqualTo(Caching.SHARED_UPDATE);
    assertThat(update.sharing()).isEqualTo(Sharing.MIDDLE_CYCLE);
    assertThat(convert("recursive-middle-cycle-kvshare").caching()).isEqualTo(Caching.SHARED);
    assertThat(convert("expert-n3-aux-router").routing())
        .isEqualTo(
            new RoutingConfig.ExpertChoice(
                RoutingConfig.RouterKind.LINEAR,
                RoutingConfig.RouterFunction.SIGMOID,
                0.1f,
                1f,
                true,
                List.of(1.0, 0.6666666666666666, 0.3333333333333333),
                true));
    assertThat(convert("expert-n3-nofunc").routing())
        .extracting("function")
        .isEqualTo(RoutingConfig.RouterFunction.NONE);
    assertThat(convert("expert-n3-additive").routing()).extracting("weighted").isEqualTo(false);
    assertThat(convert("expert-n3-temp2").routing()).extracting("temperature").isEqualTo(2f);
    assertThat(convert("token-n4-mlp").routing())
        .extracting("router")
        .isEqualTo(RoutingConfig.RouterKind.MLP);
    assertThat(convert("token-n3-lossfree").routing()).extracting("lossFreeBias").isEqualTo(true);
    assertThat(convert("vanilla").sharing()).isEqualTo(Sharing.NONE);
    assertThat(convert("hf-llama-head-dim").architecture().headDim()).isEqualTo(16);
  }

  private ModelConfig convert(String golden) throws IOException {
    return CheckpointConverter.convert(
            Checkpoints.golden(golden), dir.resolve(golden), ConversionOptions.DEFAULT)
        .config();
  }

  private static float[] floats(SourceTensor tensor) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    tensor.writeTo(Channels.newChannel(bytes), Long.MAX_VALUE);
    return floats(tensor.dtype(), MemorySegment.ofArray(bytes.toByteArray()));
  }

  private static float[] floats(DType dtype, MemorySegment bytes) {
    ByteBuffer values =
        ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
    float[] floats = new float[values.capacity() / dtype.byteSize()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] =
          switch (dtype) {
            case F32 -> values.getFloat();
            case F16 -> Float.float16ToFloat(values.getShort());
            case BF16 -> Float.intBitsToFloat(values.getShort() << 16);
            default -> throw new IllegalArgumentException(dtype.name());
          };
    }
    return floats;
  }
}
