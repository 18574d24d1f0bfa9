package dev.mor4j.converter.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.Sharing;
import dev.mor4j.runtime.format.TensorNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is exported is what the model folder holds: keys, places, every number. */
class GgufExportTest {
  private static final List<String> PARTS =
      List.of(
          "attn_norm",
          "attn_q",
          "attn_k",
          "attn_v",
          "attn_output",
          "ffn_norm",
          "ffn_gate",
          "ffn_up",
          "ffn_down");

  @TempDir Path dir;

  /** Heads of another size than H / NH, few of them shared, an odd number of everything else. */
  @ParameterizedTest
  @EnumSource(GgufType.class)
  void holdsEveryNumber(GgufType type) throws IOException {
    ModelConfig config = vanilla(96, 160, 3, 1, 32, 3, 77, false);
    Path model = random(config, DType.F32);
    GgufReport report = export(model, GgufOptions.DEFAULT.withType(type));

    GgufReader gguf = GgufReader.read(report.file());
    assertThat(report.bytes()).isEqualTo(Files.size(report.file()));
    assertThat(gguf.tensors()).hasSize(3 + 3 * PARTS.size()).hasSize(report.tensors());
    for (Map.Entry<String, String> name : names(config).entrySet()) {
      GgufReader.Tensor tensor = gguf.tensors().get(name.getKey());
      assertThat(tensor.at() % 32).isZero();
      assertThat(tensor.type()).isEqualTo(tensor.sizes().size() == 1 ? 0 : type.tensorId());
      float[] expected = interleaved(name.getKey(), source(model, config, name.getValue()), config);
      float[] found = gguf.values(name.getKey());
      assertThat(found).hasSameSizeAs(expected);
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i])
            .as("%s %d", name, i)
            .isEqualTo(tensor.type() == 8 ? found[i] : rounded(expected[i], tensor.type()))
            .isCloseTo(expected[i], within(type == GgufType.Q8_0 ? 0.01f : 0.005f));
      }
    }
    assertThat(gguf.bytes().capacity() % 32).isZero();
  }

  @Test
  void tellsTheSizes() throws IOException {
    ModelConfig config = vanilla(96, 160, 4, 2, 16, 2, 77, true);
    GgufReader gguf =
        GgufReader.read(export(random(config, DType.BF16), GgufOptions.DEFAULT).file());
    assertThat(gguf.metadata())
        .containsEntry("general.architecture", "llama")
        .containsEntry("general.name", "model")
        .containsEntry("general.file_type", 32)
        .containsEntry("llama.vocab_size", 77)
        .containsEntry("llama.context_length", 128)
        .containsEntry("llama.embedding_length", 96)
        .containsEntry("llama.block_count", 2)
        .containsEntry("llama.feed_forward_length", 160)
        .containsEntry("llama.attention.head_count", 4)
        .containsEntry("llama.attention.head_count_kv", 2)
        .containsEntry("llama.attention.key_length", 16)
        .containsEntry("llama.attention.value_length", 16)
        .containsEntry("llama.rope.dimension_count", 16)
        .containsEntry("llama.rope.freq_base", 5000f)
        .containsEntry("llama.attention.layer_norm_rms_epsilon", 1e-6f)
        .containsEntry("tokenizer.ggml.model", "gpt2")
        .containsEntry("tokenizer.ggml.eos_token_id", 76);
    // A tied head is not written again; what was bfloat16 is bfloat16.
    assertThat(gguf.tensors()).doesNotContainKey("output.weight");
    assertThat(gguf.tensors().get("token_embd.weight").type()).isEqualTo(30);
    assertThat(gguf.tensors().get("token_embd.weight").sizes()).containsExactly(96L, 77L);
    List<?> tokens = (List<?>) gguf.metadata().get("tokenizer.ggml.tokens");
    assertThat(new HashSet<Object>(tokens)).hasSize(77).contains("<0>", "<76>");
  }

  /** Row r of the exported q is the row that {@code reshape(…).swapaxes(1, 2)} has there. */
  @Test
  void interleavesEveryRowOnce() {
    LlamaTensors.Place place = new LlamaTensors.Place("q", "q", List.of(24L, 5L), 8);
    Set<Long> rows = new HashSet<>();
    for (int head = 0; head < 3; head++) {
      for (int pair = 0; pair < 4; pair++) {
        for (int half = 0; half < 2; half++) {
          long source = place.sourceRow(head * 8 + pair * 2 + half);
          assertThat(source).isEqualTo(head * 8 + half * 4 + pair);
          rows.add(source);
        }
      }
    }
    assertThat(rows).hasSize(24);
  }

  @Test
  void fallsBackToFloat16WhereBlocksDoNotFit() throws IOException {
    ModelConfig config = vanilla(64, 100, 2, 1, 32, 1, 40, true);
    GgufReport report =
        export(random(config, DType.F32), GgufOptions.DEFAULT.withType(GgufType.Q8_0));
    GgufReader gguf = GgufReader.read(report.file());
    assertThat(gguf.tensors().get("blk.0.ffn_down.weight").type()).isEqualTo(1);
    assertThat(gguf.tensors().get("blk.0.ffn_up.weight").type()).isEqualTo(8);
    assertThat(report.warnings())
        .anyMatch(text -> text.contains("ffn_down.weight has 100 columns"));
  }

  @Test
  void unrollsSharedLayers() throws IOException {
    ModelConfig config =
        new ModelConfig(
            architecture(64, 64, 2, 2, 32, 8, 40, true),
            Sharing.MIDDLE_CYCLE,
            3,
            new RoutingConfig.None(),
            Caching.RECURSION_WISE,
            Map.of());
    GgufReader gguf =
        GgufReader.read(export(random(config, DType.F32), GgufOptions.DEFAULT).file());
    assertThat(gguf.tensors()).hasSize(2 + 8 * PARTS.size());
    assertThat(gguf.values("blk.1.attn_q.weight"))
        .isEqualTo(gguf.values("blk.3.attn_q.weight"))
        .isNotEqualTo(gguf.values("blk.2.attn_q.weight"))
        .isNotEqualTo(gguf.values("blk.7.attn_q.weight"));
  }

  private Path random(ModelConfig config, DType dtype) throws IOException {
    Path model = dir.resolve("model");
    RandomModel.write(model, config, dtype, 5);
    return model;
  }

  private GgufReport export(Path model, GgufOptions options) throws IOException {
    return GgufExport.export(model, dir.resolve("model.gguf"), options);
  }

  private static Map<String, String> names(ModelConfig config) {
    Map<String, String> names = new java.util.LinkedHashMap<>();
    names.put("token_embd.weight", TensorNames.EMBEDDING);
    for (int layer = 0; layer < config.architecture().layers(); layer++) {
      for (int part = 0; part < PARTS.size(); part++) {
        names.put(
            "blk." + layer + "." + PARTS.get(part) + ".weight",
            TensorNames.layer(layer, TensorNames.PARTS.get(part)));
      }
    }
    names.put("output_norm.weight", TensorNames.FINAL_NORM);
    names.put("output.weight", TensorNames.HEAD);
    return names;
  }

  private static float[] source(Path model, ModelConfig config, String name) throws IOException {
    Path file = model.resolve("model.safetensors");
    SafetensorsFile.Tensor tensor =
        SafetensorsFile.open(file).tensors().get(config.storedName(name));
    ByteBuffer bytes =
        ByteBuffer.wrap(Files.readAllBytes(file))
            .order(ByteOrder.LITTLE_ENDIAN)
            .position((int) tensor.offset());
    float[] values = new float[(int) tensor.byteSize() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  /** The converter's permutation, written over whole heads. */
  private static float[] interleaved(String name, float[] values, ModelConfig config) {
    if (!name.contains("attn_q") && !name.contains("attn_k")) {
      return values;
    }
    int columns = config.architecture().hidden();
    int headDim = config.architecture().headDim();
    float[] moved = new float[values.length];
    for (int row = 0; row < values.length / columns; row++) {
      int head = row / headDim;
      int half = row % headDim / (headDim / 2);
      int pair = row % (headDim / 2);
      int target = head * headDim + 2 * pair + half;
      System.arraycopy(values, row * columns, moved, target * columns, columns);
    }
    return moved;
  }

  private static float rounded(float value, int type) {
    return switch (type) {
      case 1 -> Float.float16ToFloat(Float.floatToFloat16(value));
      case 30 -> nearestBfloat16(value);
      default -> value;
    };
  }

  /** The nearer of the two neighbours; of two as near, the one with an even last bit. */
  private static float nearestBfloat16(float value) {
    int below = Float.floatToRawIntBits(value) & 0xffff0000;
    float[] neighbours = {Float.intBitsToFloat(below), Float.intBitsToFloat(below + 0x10000)};
    double[] distances = {
      Math.abs((double) value - neighbours[0]), Math.abs((double) value - neighbours[1])
    };
    int even = (below >>> 16) % 2 == 0 ? 0 : 1;
    return distances[0] == distances[1]
        ? neighbours[even]
        : neighbours[distances[0] < distances[1] ? 0 : 1];
  }

  static ModelConfig vanilla(
      int hidden,
      int intermediate,
      int heads,
      int kvHeads,
      int headDim,
      int layers,
      int vocabulary,
      boolean tied) {
    return new ModelConfig(
        architecture(hidden, intermediate, heads, kvHeads, headDim, layers, vocabulary, tied),
        Sharing.NONE,
        1,
        new RoutingConfig.None(),
        Caching.RECURSION_WISE,
        Map.of());
  }

  private static ArchitectureConfig architecture(
      int hidden,
      int intermediate,
      int heads,
      int kvHeads,
      int headDim,
      int layers,
      int vocabulary,
      boolean tied) {
    return ArchitectureConfig.builder()
        .hidden(hidden)
        .intermediate(intermediate)
        .heads(heads)
        .kvHeads(kvHeads)
        .headDim(headDim)
        .layers(layers)
        .vocabulary(vocabulary)
        .maxPositions(128)
        .rmsNormEps(1e-6f)
        .ropeTheta(5000)
        .tiedHead(tied)
        .build();
  }
}
