package dev.mor4j.converter.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.converter.CheckpointConverter;
import dev.mor4j.converter.ConversionOptions;
import dev.mor4j.converter.ConversionProgress;
import dev.mor4j.converter.Quantization;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.TextConfig;
import dev.mor4j.runtime.packing.Packing;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizers, what is refused, and that the file appears whole or not at all. */
class GgufOutputTest {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
          .toAbsolutePath()
          .getParent();

  @TempDir Path dir;

  @Test
  void exportsTheTokenizer() throws IOException {
    Path model = model(2048);
    Files.copy(
        ROOT.resolve("checkpoints/mor3-books/tokenizer.json"), model.resolve("tokenizer.json"));
    Path file = dir.resolve("model.gguf");
    assertThat(GgufExport.export(model, file, GgufOptions.DEFAULT).warnings()).isEmpty();

    GgufReader gguf = GgufReader.read(file);
    assertThat((List<?>) gguf.metadata().get("tokenizer.ggml.tokens")).hasSize(2048);
    assertThat((List<?>) gguf.metadata().get("tokenizer.ggml.merges"))
        .hasSize(1791)
        .first()
        .isEqualTo("Ġ t");
    List<?> types = (List<?>) gguf.metadata().get("tokenizer.ggml.token_type");
    assertThat(types.get(0)).isEqualTo(3);
    assertThat(types.get(1)).isEqualTo(1);
    assertThat(gguf.metadata())
        .containsEntry("tokenizer.ggml.pre", "gpt-2")
        .containsEntry("tokenizer.ggml.add_bos_token", false);

    GgufOptions without = new GgufOptions(Optional.empty(), false, true, ConversionProgress.NONE);
    GgufExport.export(model, file, without);
    assertThat((List<?>) GgufReader.read(file).metadata().get("tokenizer.ggml.merges")).isEmpty();
  }

  /** What config.json says of texts counts, whatever the tokenizer's template has. */
  @Test
  void otherEnginesBeginAndEndTextsAlike() throws IOException {
    String bytes = "{\"type\": \"ByteLevel\"}";
    model(64, Optional.of(new TextConfig(List.of(), List.of())));
    assertThat(exportTokenizer(bytes, "\"BPE\"", 7).metadata())
        .containsEntry("tokenizer.ggml.add_bos_token", false)
        .containsEntry("tokenizer.ggml.add_eos_token", false);
    delete();
    Path model = model(64, Optional.of(new TextConfig(List.of(1), List.of(2))));
    assertThat(exportTokenizer(bytes, "\"BPE\"", 7).metadata())
        .containsEntry("tokenizer.ggml.bos_token_id", 1)
        .containsEntry("tokenizer.ggml.add_bos_token", true)
        .containsEntry("tokenizer.ggml.add_eos_token", true);
    assertThat(GgufExport.export(model, dir.resolve("b.gguf"), GgufOptions.DEFAULT).warnings())
        .noneMatch(warning -> warning.contains("texts begin with"));
    delete();
    model(64, Optional.of(new TextConfig(List.of(1, 5), List.of(6))));
    assertThat(exportTokenizer(bytes, "\"BPE\"", 7).metadata())
        .containsEntry("tokenizer.ggml.add_bos_token", true)
        .containsEntry("tokenizer.ggml.add_eos_token", false);
    assertThat(GgufExport.export(model, dir.resolve("c.gguf"), GgufOptions.DEFAULT).warnings())
        .contains(
            "texts begin with [1, 5] and end with [6]; in other engines they begin with [1] and"
                + " end with []");
  }

  @Test
  void refusesTokenizersThatAreNotInJson() throws IOException {
    Path model = model(64);
    Path tokenizer = Files.writeString(model.resolve("tokenizer.model"), "x");
    Path file = dir.resolve("x.gguf");
    assertThatThrownBy(() -> GgufExport.export(model, file, GgufOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(tokenizer + ": is the model's tokenizer, expected tokenizer.json")
        .hasMessageContaining("without a tokenizer the model can be exported");
    GgufOptions without = new GgufOptions(Optional.empty(), false, true, ConversionProgress.NONE);
    GgufExport.export(model, file, without);
    assertThat(file).isNotEmptyFile();
  }

  @Test
  void namesKnownTokenizersAndFillsGaps() throws IOException {
    String smollm =
        """
        {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true},
         {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}]}
        """;
    GgufReader gguf = exportTokenizer(smollm, "\"BPE\"", 7);
    assertThat(gguf.metadata()).containsEntry("tokenizer.ggml.pre", "smollm");
    List<?> tokens = (List<?>) gguf.metadata().get("tokenizer.ggml.tokens");
    assertThat(tokens.get(2)).isEqualTo("[PAD2]");
    assertThat(tokens.get(7)).isEqualTo("<x>");
    String llama =
        """
        {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\\\p{N}{1,3}"}},
         {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}
        """;
    assertThat(exportTokenizer(llama, "\"BPE\"", 7).metadata())
        .containsEntry("tokenizer.ggml.pre", "llama-bpe")
        .containsEntry("tokenizer.ggml.add_bos_token", true);
  }

  @Test
  void refusesTokenizersThatItCannotTell() {
    String bytes = "{\"type\": \"ByteLevel\"}";
    assertThatThrownBy(() -> exportTokenizer("{\"type\": \"Metaspace\"}", "\"BPE\"", 7))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("BPE that is not byte-level");
    assertThatThrownBy(() -> exportTokenizer(bytes, "\"Unigram\"", 7))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("is Unigram, expected byte-level BPE");
    assertThatThrownBy(() -> exportTokenizer(bytes, "\"BPE\"", 64))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("id 64, expected 0 to 63");
  }

  private GgufReader exportTokenizer(String pre, String kind, int added) throws IOException {
    Path model = dir.resolve("model");
    if (!Files.exists(model)) {
      model(64);
    }
    Files.writeString(
        model.resolve("tokenizer.json"),
        String.format(
            Locale.ROOT,
            """
        {"pre_tokenizer": %s, "added_tokens": [{"id": %d, "content": "<x>", "special": true}],
         "post_processor": {"type": "Sequence", "processors": [{"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "<x>"}}, {"Sequence": {"id": "A"}}]}]},
         "model": {"type": %s, "vocab": {"a": 0, "b": 1, "ab": 3}, "merges": ["a b"]}}
        """,
            pre,
            added,
            kind));
    Path file = dir.resolve("model.gguf");
    GgufExport.export(
        model, file, new GgufOptions(Optional.empty(), true, true, ConversionProgress.NONE));
    return GgufReader.read(file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"expert-n3", "token-n3", "recursive-middle-cycle-kvshare"})
  void refusesWhatNoEngineReads(String golden) throws IOException {
    Path model = dir.resolve("converted");
    CheckpointConverter.convert(
        ROOT.resolve("testdata/goldens").resolve(golden), model, ConversionOptions.DEFAULT);
    assertThatThrownBy(() -> GgufExport.export(model, dir.resolve("x.gguf"), GgufOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("expected a vanilla or recursive model without a router")
        .hasMessageContaining(
            switch (golden) {
              case "expert-n3" -> "an expert-choice router over 3 recursions";
              case "token-n3" -> "a token-choice router over 3 recursions";
              default -> "recursions that share keys and values (shared)";
            });
    assertThat(list()).containsExactly("converted");
  }

  @Test
  void refusesQuantisedModels() throws IOException {
    Path packed = dir.resolve("packed");
    CheckpointConverter.convert(
        ROOT.resolve("testdata/goldens/vanilla"),
        packed,
        ConversionOptions.DEFAULT.withQuantization(Quantization.of(Packing.INT8)));
    Path file = dir.resolve("x.gguf");
    assertThatThrownBy(() -> GgufExport.export(packed, file, GgufOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(packed.toString())
        .hasMessageContaining("is quantised, expected float32 or bfloat16");
    assertThat(file).doesNotExist();
  }

  @Test
  void refusesNumbersThatTheTypeCannotStore() throws IOException {
    Path model = model(64);
    Path weights = model.resolve("model.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      // The last number of the embedding: 1e6, little-endian.
      file.seek(
          dev.mor4j.runtime.format.SafetensorsFile.open(weights)
                  .tensors()
                  .get("embed_tokens.weight")
                  .offset()
              + 4 * (64 * 64 - 1));
      file.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(1e6f)));
    }
    assertThatThrownBy(
            () ->
                GgufExport.export(
                    model, dir.resolve("x.gguf"), GgufOptions.DEFAULT.withType(GgufType.F16)))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("embed_tokens.weight holds 1000000.0");
    assertThat(list()).containsExactly("model");
    GgufExport.export(model, dir.resolve("x.gguf"), GgufOptions.DEFAULT.withType(GgufType.BF16));
  }

  @Test
  void replacesOnlyGgufFilesAndOnlyWhenTold() throws IOException {
    Path model = model(64);
    Path file = dir.resolve("x.gguf");
    GgufOptions overwrite =
        new GgufOptions(Optional.of(GgufType.F16), true, true, ConversionProgress.NONE);
    GgufExport.export(model, file, GgufOptions.DEFAULT);
    assertThatThrownBy(() -> GgufExport.export(model, file, GgufOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("the destination exists");
    long before = Files.size(file);
    GgufExport.export(model, file, overwrite);
    assertThat(Files.size(file)).isLessThan(before);
    Path weights = model.resolve("model.safetensors");
    assertThatThrownBy(() -> GgufExport.export(model, weights, overwrite))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("expected a GGUF file");
    assertThatThrownBy(() -> GgufExport.export(model, model, overwrite))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("expected a file");
  }

  @Test
  void leavesNothingBehindWhenItFailsOrIsInterrupted() throws IOException {
    Path model = model(64);
    ConversionProgress failing =
        (done, total, what) -> {
          assertThat(done).isPositive().isLessThanOrEqualTo(total);
          if (done > total / 2) {
            throw new UncheckedIOException(new IOException("stop"));
          }
        };
    assertThatThrownBy(() -> export(model, failing)).isInstanceOf(UncheckedIOException.class);
    assertThat(list()).containsExactly("model");
    try {
      assertThatThrownBy(
              () -> export(model, (done, total, what) -> Thread.currentThread().interrupt()))
          .isInstanceOf(IOException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(list()).containsExactly("model");
  }

  private void export(Path model, ConversionProgress progress) throws IOException {
    GgufExport.export(
        model, dir.resolve("x.gguf"), new GgufOptions(Optional.empty(), true, false, progress));
  }

  private void delete() throws IOException {
    Path model = dir.resolve("model");
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(model);
  }

  private Path model(int vocabulary) throws IOException {
    return model(vocabulary, Optional.empty());
  }

  private Path model(int vocabulary, Optional<TextConfig> text) throws IOException {
    ModelConfig plain = GgufExportTest.vanilla(64, 64, 2, 1, 32, 1, vocabulary, true);
    ModelConfig config =
        text.isEmpty()
            ? plain
            : plain
                .withText(text)
                .withArchitecture(
                    plain.architecture().toBuilder().bosTokenId(1).eosTokenIds(List.of(2)).build());
    RandomModel.write(dir.resolve("model"), config, DType.F32, 3);
    return dir.resolve("model");
  }

  private List<String> list() throws IOException {
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.list(dir)) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }
}
