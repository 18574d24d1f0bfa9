package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.converter.gguf.GgufExport;
import dev.mor4j.converter.gguf.GgufOptions;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.packing.Packing;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Weights stream from file to file: a JVM with a heap far smaller than they are converts and
 * exports them.
 */
class StreamingTest {
  private static final long VOCABULARY = 50_000;
  private static final long HIDDEN = 512;

  @TempDir Path dir;

  /** What the small JVM runs. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws IOException {
      Path model = Path.of(args[1]);
      Optional<Packing> packing = Packing.find(args[2]);
      ConversionOptions options =
          packing
              .map(Quantization::of)
              .map(ConversionOptions.DEFAULT::withQuantization)
              .orElse(ConversionOptions.DEFAULT);
      CheckpointConverter.convert(Path.of(args[0]), model, options);
      if (packing.isEmpty()) {
        GgufExport.export(model, model.resolveSibling("out.gguf"), GgufOptions.DEFAULT);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "bf16", "int8", "int4"})
  @Timeout(300)
  void convertsWeightsThatAreLargerThanTheHeap(String quantization) throws Exception {
    Path source = Files.createDirectory(dir.resolve("source"));
    Files.writeString(
        source.resolve("config.json"),
        """
        {"model_type": "llama", "hidden_size": 512, "intermediate_size": 8, "num_attention_heads": 1,
         "head_dim": 8, "num_hidden_layers": 1, "vocab_size": 50000, "tie_word_embeddings": false}
        """);
    writeSparse(source.resolve("model.safetensors"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx16m",
                "-XX:MaxDirectMemorySize=8m",
                "-cp",
                classPath(),
                Child.class.getName(),
                source.toString(),
                dir.resolve("out").toString(),
                quantization)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    assertThat(output).isEmpty();
    assertThat(process.exitValue()).isZero();
    SafetensorsFile weights = SafetensorsFile.open(dir.resolve("out/model.safetensors"));
    long numbers = 2 * VOCABULARY * HIDDEN;
    assertThat(weights.size())
        .isGreaterThan(
            switch (quantization) {
              case "none" -> numbers * 4;
              case "bf16" -> numbers * 2;
              // Embedding and head stay int8 with int4.
              default -> numbers * 17 / 16;
            });
    assertThat(weights.tensors()).containsKeys("embed_tokens.weight", "lm_head.weight");
    if (quantization.equals("none")) {
      assertThat(Files.size(dir.resolve("out.gguf"))).isGreaterThan(numbers * Float.BYTES);
    }
  }

  /** The modules of this JVM and the tests, as one class path. */
  static String classPath() {
    String basedir = System.getProperty("basedir", System.getProperty("user.dir"));
    return String.join(
        File.pathSeparator,
        System.getProperty("jdk.module.path", ""),
        System.getProperty("java.class.path", ""),
        Path.of(basedir, "target", "classes").toString(),
        Path.of(basedir, "target", "test-classes").toString());
  }

  /** Zeros that take no room on the disk; the head differs from the embedding in one number. */
  private static void writeSparse(Path file) throws IOException {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    shapes.put("lm_head.weight", List.of(VOCABULARY, HIDDEN));
    shapes.put("model.embed_tokens.weight", List.of(VOCABULARY, HIDDEN));
    shapes.put("model.norm.weight", List.of(HIDDEN));
    String layer = "model.layers.0.";
    for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
      shapes.put(layer + norm + ".weight", List.of(HIDDEN));
    }
    for (String wide :
        List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.gate_proj")) {
      shapes.put(layer + wide + ".weight", List.of(8L, HIDDEN));
    }
    shapes.put(layer + "mlp.up_proj.weight", List.of(8L, HIDDEN));
    shapes.put(layer + "self_attn.o_proj.weight", List.of(HIDDEN, 8L));
    shapes.put(layer + "mlp.down_proj.weight", List.of(HIDDEN, 8L));
    StringBuilder header = new StringBuilder("{");
    long end = 0;
    for (Map.Entry<String, List<Long>> entry : shapes.entrySet()) {
      long begin = end;
      end += Float.BYTES * entry.getValue().stream().reduce(1L, (a, b) -> a * b);
      header.append(
          String.format(
              Locale.ROOT,
              "%s\"%s\": {\"dtype\": \"F32\", \"shape\": %s, \"data_offsets\": [%d, %d]}",
              begin == 0 ? "" : ", ",
              entry.getKey(),
              entry.getValue(),
              begin,
              end));
    }
    byte[] text = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    try (RandomAccessFile weights = new RandomAccessFile(file.toFile(), "rw")) {
      weights.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).array());
      weights.write(text);
      weights.writeInt(1);
      weights.setLength(8 + text.length + end);
    }
  }
}
