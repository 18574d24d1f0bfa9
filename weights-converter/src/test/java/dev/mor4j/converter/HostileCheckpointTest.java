package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.SafetensorsWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged and hostile files: an error that names what is wrong, and nothing left behind. */
class HostileCheckpointTest {
  @TempDir Path dir;

  @Test
  void refusesFoldersThatAreNoCheckpoint() throws IOException {
    Path source = Files.createDirectory(dir.resolve("source"));
    assertRefused(source, "the folder has no config.json");
    Files.copy(
        Checkpoints.golden("hf-llama").resolve("config.json"), source.resolve("config.json"));
    assertRefused(source, "the folder has no weights, expected one of [model.safetensors");
    assertThatThrownBy(
            () ->
                CheckpointConverter.convert(
                    dir.resolve("nowhere"), dir.resolve("out"), ConversionOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("the source is no folder");
  }

  @ParameterizedTest
  @CsvSource({"hf-llama, model.safetensors", "expert-n3, pytorch_model.bin"})
  void refusesTruncatedWeights(String golden, String name) throws IOException {
    Path source = Checkpoints.copy(golden, dir.resolve("source"));
    Path file = source.resolve(name);
    long size = Files.size(file);
    for (long length :
        new long[] {
          size - 1, size - 5, size - 100, size - 4000, size / 2, 4000, 100, 9, 8, 7, 1, 0
        }) {
      try (RandomAccessFile weights = new RandomAccessFile(file.toFile(), "rw")) {
        weights.setLength(length);
      }
      assertRefused(source, file.toString());
    }
  }

  @Test
  void refusesMissingUnexpectedAndMisshapenTensors() throws IOException {
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    rewrite(source, tensor -> tensor.name().equals("model.norm.weight") ? null : tensor);
    assertRefused(source, "1 tensors missing [model.norm.weight]");

    Path second = Checkpoints.copy("hf-llama", dir.resolve("second"));
    rewrite(
        second,
        tensor ->
            tensor.name().equals("model.norm.weight")
                ? renamed(tensor, "model.nrom.weight")
                : tensor);
    assertRefused(second, "missing [model.norm.weight]; 1 tensors unexpected [model.nrom.weight]");

    Path third = Checkpoints.copy("hf-llama", dir.resolve("third"));
    rewrite(
        third,
        tensor -> tensor.name().endsWith("1.mlp.up_proj.weight") ? reshaped(tensor) : tensor);
    assertRefused(
        third, "tensor model.layers.1.mlp.up_proj.weight has shape [32, 88], expected [88, 32]");

    Path fourth = Checkpoints.copy("hf-llama", dir.resolve("fourth"));
    rewrite(fourth, tensor -> tensor.name().equals("model.norm.weight") ? retyped(tensor) : tensor);
    assertRefused(
        fourth,
        "tensor model.norm.weight has type F64, expected F32, BF16 or F16; save the model in float32");
  }

  @Test
  void stripsPrefixesThatAllNamesHave() throws IOException {
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    rewrite(source, tensor -> renamed(tensor, "_orig_mod.module." + tensor.name()));
    CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT);
    assertThat(Checkpoints.list(dir)).containsExactly("out", "source");
  }

  /** Read without that file, the checkpoint would be another model. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "train_config.yaml",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer.model",
        "vocab.json",
        "merges.txt",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "generation_config.json",
        "chat_template.jinja",
        "chat_template.json"
      })
  void refusesFoldersAndBrokenLinksInPlaceOfFiles(String name) throws IOException {
    Path source = Checkpoints.copy("recursive-middle-cycle", dir.resolve("source"));
    Path file = source.resolve(name);
    Files.deleteIfExists(file);
    Files.createDirectory(file);
    assertRefused(source, file + ": found a folder, a link to nowhere or the like");
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of("nowhere"));
    assertRefused(source, file + ": found a folder, a link to nowhere or the like");
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of(name));
    assertRefused(source, file + ": found a folder, a link to nowhere or the like");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tokenizer.json | {} | model",
        "tokenizer.json | {\"model\": null} | model",
        "tokenizer.json | {\"model\": {\"type\": \"Oracle\"}} | Oracle",
        "tokenizer.json | {\"model\": | tokenizer.json",
        "tokenizer.json | {\"added_tokens\":[[{\"id\":1 | tokenizer.json",
        "tokenizer.model | no protocol buffer | tokenizer.model",
        "vocab.json | {\"a\": 0} | has vocab.json and no merges.txt, expected both",
        "merges.txt | a b | has merges.txt and no vocab.json, expected both",
      })
  void refusesTokenizersThatCannotBeRead(String name, String content, String message)
      throws IOException {
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    Files.writeString(source.resolve(name), content);
    assertRefused(source, source.toString());
    assertRefused(source, message);
    assertRefused(source, "the option --no-tokenizer converts the model without its tokenizer");
    CheckpointInspection inspection = CheckpointInspection.inspect(source);
    assertThat(inspection.warnings()).anyMatch(warning -> warning.contains(message));
    assertThat(inspection.text().tokenizer()).isEmpty();
    CheckpointConverter.convert(
        source, dir.resolve("without"), ConversionOptions.DEFAULT.withoutTokenizer());
    assertThat(Checkpoints.list(dir.resolve("without"))).doesNotContain(name);
  }

  @Test
  void refusesTokenizersThatAreNotInUtf8() throws IOException {
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    Path tokenizer = source.resolve("tokenizer.json");
    Files.write(tokenizer, "{}".getBytes(StandardCharsets.UTF_16));
    assertRefused(source, tokenizer.toString());
    Files.write(tokenizer, new byte[] {0, 0, 0, '{', -1, -1, -1, -1});
    assertRefused(source, tokenizer.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tokenizer_config.json",
        "special_tokens_map.json",
        "generation_config.json",
        "chat_template.jinja",
        "chat_template.json"
      })
  void refusesSettingsThatAreTooLarge(String name) throws IOException {
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    try (RandomAccessFile file = new RandomAccessFile(source.resolve(name).toFile(), "rw")) {
      file.setLength((16 << 20) + 1);
    }
    assertRefused(source, name + ": the file has 16777217 bytes, expected at most 16777216");
  }

  @Test
  void refusesTiedHeadThatDiffersInALlamaModel() throws IOException {
    Path source = Checkpoints.copy("hf-llama-sharded-bf16", dir.resolve("source"));
    Checkpoints.edit(
        source.resolve("config.json"),
        "\"tie_word_embeddings\": false",
        "\"tie_word_embeddings\": true");
    assertRefused(source, "lm_head.weight differs from model.embed_tokens.weight");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"model-00002-of-00003.safetensors\" | \"../x.safetensors\" | the plain name of a",
        "\"model-00002-of-00003.safetensors\" | \"model-00004.safetensors\" | the file is missing",
        "\"model.norm.weight\" | \"model.nrom.weight\" | tensor model.nrom.weight is not in",
        "\"weight_map\" | \"weights\" | weight_map is missing",
      })
  void refusesIndexThatDoesNotFit(String from, String to, String message) throws IOException {
    Path source = Checkpoints.copy("hf-llama-sharded-bf16", dir.resolve("source"));
    Checkpoints.edit(source.resolve("model.safetensors.index.json"), from, to);
    assertRefused(source, message);
  }

  /** Whatever byte is spoiled: a model, or an IOException; and never a folder left over. */
  @ParameterizedTest
  @CsvSource({
    "hf-llama, model.safetensors, 3000",
    "hf-llama-sharded-bf16, model.safetensors.index.json, 2400",
    "expert-n3, config.json, 600",
    "expert-n3, train_config.yaml, 800",
    "expert-n3, pytorch_model.bin, 20000",
    "expert-n3, pytorch_model.bin, -4000",
  })
  void spoiledBytesNeverEscapeAsOtherExceptions(String golden, String name, int range)
      throws IOException {
    Path source = Checkpoints.copy(golden, dir.resolve("source"));
    byte[] whole = Files.readAllBytes(source.resolve(name));
    Random random = new Random(range);
    int span = Math.min(Math.abs(range), whole.length);
    int refused = 0;
    for (int i = 0; i < 150; i++) {
      byte[] spoiled = whole.clone();
      int at = (range < 0 ? whole.length - span : 0) + random.nextInt(span);
      spoiled[at] =
          (byte)
              (random.nextBoolean() ? spoiled[at] ^ 1 << random.nextInt(8) : random.nextInt(256));
      Files.write(source.resolve(name), spoiled);
      try {
        CheckpointConverter.convert(source, dir.resolve("out" + i), ConversionOptions.DEFAULT);
        delete(dir.resolve("out" + i));
      } catch (IOException e) {
        refused++;
        assertThat(e.getMessage()).contains(source.toString());
      }
      assertThat(Checkpoints.list(dir)).containsExactly("source");
    }
    assertThat(refused).isPositive();
  }

  private void assertRefused(Path source, String message) throws IOException {
    List<String> before = Checkpoints.list(dir);
    assertThatThrownBy(
            () ->
                CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(message);
    assertThat(Checkpoints.list(dir)).isEqualTo(before);
  }

  /**
   * Writes the weights of {@code source} again, each tensor as {@code change} has it; null leaves
   * it out.
   */
  private void rewrite(Path source, UnaryOperator<SafetensorsFile.Tensor> change)
      throws IOException {
    Path file = source.resolve("model.safetensors");
    SafetensorsFile read = SafetensorsFile.open(file);
    Map<String, SafetensorsFile.Tensor> changed = new LinkedHashMap<>();
    List<SafetensorsWriter.Entry> plan = new ArrayList<>();
    for (SafetensorsFile.Tensor tensor : read.tensors().values()) {
      SafetensorsFile.Tensor to = change.apply(tensor);
      if (to != null) {
        changed.put(to.name(), tensor);
        plan.add(new SafetensorsWriter.Entry(to.name(), to.dtype(), to.shape()));
      }
    }
    Path target = source.resolve("new");
    try (Arena arena = Arena.ofConfined();
        SafetensorsWriter writer = SafetensorsWriter.create(target, plan, Map.of())) {
      MemorySegment bytes = read.map(arena);
      for (SafetensorsWriter.Entry entry : plan) {
        SafetensorsFile.Tensor from = changed.get(entry.name());
        writer.write(
            entry.name(),
            sink -> {
              for (long left = entry.byteSize(); left > 0; left -= from.byteSize()) {
                sink.write(
                    bytes.asSlice(from.offset(), Math.min(left, from.byteSize())).asByteBuffer());
              }
            });
      }
      writer.finish();
    }
    Files.move(target, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  private static SafetensorsFile.Tensor renamed(SafetensorsFile.Tensor tensor, String name) {
    return new SafetensorsFile.Tensor(
        name, tensor.dtype(), tensor.shape(), tensor.offset(), tensor.byteSize());
  }

  private static SafetensorsFile.Tensor reshaped(SafetensorsFile.Tensor tensor) {
    return new SafetensorsFile.Tensor(
        tensor.name(),
        tensor.dtype(),
        tensor.shape().reversed(),
        tensor.offset(),
        tensor.byteSize());
  }

  private static SafetensorsFile.Tensor retyped(SafetensorsFile.Tensor tensor) {
    return new SafetensorsFile.Tensor(
        tensor.name(), DType.F64, tensor.shape(), tensor.offset(), tensor.byteSize());
  }

  private static void delete(Path folder) throws IOException {
    for (String name : Checkpoints.list(folder)) {
      Files.delete(folder.resolve(name));
    }
    Files.delete(folder);
  }
}
