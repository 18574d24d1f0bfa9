package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.StrictJson;
import dev.mor4j.runtime.format.TextConfig;
import dev.mor4j.runtime.packing.Packing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokenizers and what begins and ends a text, from a checkpoint to a converted model. */
class TextConversionTest {
  private static final String NO_TOKENIZER =
      "there is no tokenizer (tokenizer.json, tokenizer.model, or vocab.json with merges.txt), so the"
          + " model takes and gives token ids only";

  @TempDir Path dir;

  private Path source;

  @BeforeEach
  void copyCheckpoint() throws IOException {
    source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    Files.delete(source.resolve("generation_config.json"));
  }

  @Test
  void takesTheFilesOfTheTextAlong() throws IOException {
    Checkpoints.putTokenizer("made-post-sequence", "tokenizer.json", source);
    write("tokenizer_config.json", "{'tokenizer_class': 'PreTrainedTokenizerFast'}");
    write("special_tokens_map.json", "{'bos_token': '<bos>'}");
    write("generation_config.json", "{'eos_token_id': [2, 7]}");
    write("chat_template.jinja", "{{ messages }}");
    write("chat_template.json", "{'chat_template': 'x'}");
    write("tokenizer.model", "not looked at");
    write("notes.txt", "not ours");
    ConversionReport report = convert("out");
    List<String> taken =
        List.of(
            "chat_template.jinja",
            "chat_template.json",
            "generation_config.json",
            "special_tokens_map.json",
            "tokenizer.json",
            "tokenizer_config.json");
    List<String> all =
        new ArrayList<>(List.of("config.json", "conversion.json", "model.safetensors"));
    all.addAll(taken);
    assertThat(Checkpoints.list(report.folder())).containsExactlyInAnyOrderElementsOf(all);
    for (String name : taken) {
      assertThat(report.folder().resolve(name)).hasSameBinaryContentAs(source.resolve(name));
    }
    assertThat(sourceFiles(report.folder())).containsAll(taken);
    assertThat(SourceRecord.matches(report.folder(), source)).isTrue();
    Files.delete(source.resolve("chat_template.jinja"));
    assertThat(SourceRecord.matches(report.folder(), source)).isFalse();
    CheckpointConverter.convert(
        source, report.folder(), new ConversionOptions(true, ConversionProgress.NONE));
    assertThat(Checkpoints.list(report.folder())).doesNotContain("chat_template.jinja");
  }

  @Test
  void writesWhatWasDecidedAndFromWhichFile() throws IOException {
    Checkpoints.putTokenizer("made-post-sequence", "tokenizer.json", source);
    write(
        "tokenizer_config.json",
        "{'tokenizer_class': 'LlamaTokenizer', 'add_eos_token': true, 'bos_token': '<bos>',"
            + " 'eos_token': '<eos>'}");
    write("generation_config.json", "{'bos_token_id': 0, 'eos_token_id': [1, 7]}");
    ConversionReport report = convert("out");
    ModelConfig config = report.config();
    assertThat(config.text()).contains(new TextConfig(List.of(0), List.of(1)));
    assertThat(config.architecture().bosTokenId()).isZero();
    assertThat(config.architecture().eosTokenIds()).containsExactly(1, 7);
    assertThat(report.warnings())
        .contains(
            "generation_config.json: bos_token_id is [0], but config.json: bos_token_id is [1]; the"
                + " former counts",
            "generation_config.json: eos_token_id is [1, 7], but config.json: eos_token_id is [2];"
                + " the former counts");
    Map<?, ?> text = (Map<?, ?>) json(report.folder()).get("text");
    assertThat(text.get("tokenizer")).isEqualTo(List.of("tokenizer.json"));
    assertDecided(text.get("begin"), "tokenizer_config.json: tokenizer_class LlamaTokenizer", 0);
    assertDecided(text.get("end"), "tokenizer_config.json: add_eos_token", 1);
    assertDecided(text.get("bos"), "generation_config.json: bos_token_id", 0);
    assertDecided(text.get("generation_end"), "generation_config.json: eos_token_id", 1, 7);

    for (Path folder : List.of(source, report.folder())) {
      CheckpointInspection inspection = CheckpointInspection.inspect(folder);
      assertThat(inspection.config().architecture().eosTokenIds()).containsExactly(1, 7);
      TextInspection found = inspection.text();
      assertThat(found.tokenizer()).containsExactly("tokenizer.json");
      assertThat(found.begin())
          .isEqualTo(
              new TextInspection.Ids(
                  List.of(0), "tokenizer_config.json: tokenizer_class LlamaTokenizer"));
      assertThat(found.end())
          .isEqualTo(new TextInspection.Ids(List.of(1), "tokenizer_config.json: add_eos_token"));
      assertThat(found.generationEnd())
          .isEqualTo(new TextInspection.Ids(List.of(1, 7), "generation_config.json: eos_token_id"));
    }
  }

  /** Packing keeps files, ids, and the record of where they came from. */
  @Test
  void packingAConvertedModelKeepsItsText() throws IOException {
    Checkpoints.putTokenizer("made-template-eos", "tokenizer.json", source);
    write("tokenizer_config.json", "{'bos_token': '<bos>', 'tokenizer_class': 'X'}");
    ConversionReport plain = convert("plain");
    ConversionReport packed =
        CheckpointConverter.convert(
            plain.folder(),
            dir.resolve("packed"),
            ConversionOptions.DEFAULT.withQuantization(Quantization.of(Packing.INT8)));
    assertThat(packed.config().text())
        .isEqualTo(plain.config().text())
        .contains(new TextConfig(List.of(0, 2), List.of(1, 1)));
    assertThat(Checkpoints.list(packed.folder())).isEqualTo(Checkpoints.list(plain.folder()));
    assertThat(json(packed.folder()).get("text")).isEqualTo(json(plain.folder()).get("text"));
    ConversionReport without =
        CheckpointConverter.convert(
            plain.folder(),
            dir.resolve("without"),
            ConversionOptions.DEFAULT
                .withQuantization(Quantization.of(Packing.INT8))
                .withoutTokenizer());
    assertThat(without.config().text()).isEmpty();
    assertThat(Checkpoints.list(without.folder())).doesNotContain("tokenizer.json");
  }

  @ParameterizedTest
  @CsvSource({
    "made-bl-llama3, tokenizer.json",
    "made-uni-template, tokenizer.json",
    "spm-bpe, tokenizer.model",
    "spm-unigram, tokenizer.model",
    "mistral-v3, tokenizer.model",
  })
  void takesEveryKindOfTokenizer(String name, String file) throws IOException {
    Checkpoints.putTokenizer(name, file, source);
    ConversionReport report = convert("out");
    assertThat(Checkpoints.list(report.folder()))
        .containsExactly("config.json", "conversion.json", "model.safetensors", file);
    assertThat(report.config().text()).isPresent();
    assertThat(CheckpointInspection.inspect(report.folder()).text().tokenizer())
        .containsExactly(file);
  }

  @Test
  void takesAVocabularyWithMerges() throws IOException {
    write("vocab.json", "{'a': 0, 'b': 1, 'ab': 2, '<|endoftext|>': 3}");
    write("merges.txt", "#version: 0.2\na b\n");
    write("tokenizer_config.json", "{'tokenizer_class': 'GPT2Tokenizer', 'add_bos_token': true}");
    ConversionReport report = convert("out");
    assertThat(Checkpoints.list(report.folder())).contains("merges.txt", "vocab.json");
    assertThat(report.config().text()).contains(new TextConfig(List.of(3), List.of()));
  }

  @Test
  void saysWhereThereIsNoTokenizer() throws IOException {
    write("generation_config.json", "{'eos_token_id': [2, 9]}");
    ConversionReport report = convert("out");
    assertThat(report.warnings()).contains(NO_TOKENIZER);
    assertThat(report.config().text()).isEmpty();
    assertThat(report.config().architecture().eosTokenIds()).containsExactly(2, 9);
    assertThat(CheckpointInspection.inspect(source).warnings()).contains(NO_TOKENIZER);
    Checkpoints.putTokenizer("made-bl-gpt2", "tokenizer.json", source);
    ConversionReport without =
        CheckpointConverter.convert(
            source, dir.resolve("without"), ConversionOptions.DEFAULT.withoutTokenizer());
    assertThat(without.warnings()).doesNotContain(NO_TOKENIZER);
    assertThat(without.config()).isEqualTo(report.config());
    assertThat(SourceRecord.matches(without.folder(), source)).isFalse();
  }

  /** As the demonstration checkpoint: a tokenizer without a post-processor, and nothing else. */
  @Test
  void theConfigurationsBosBeginsTextsWhereNothingElseIsSaid() throws IOException {
    ConversionReport report =
        CheckpointConverter.convert(
            Checkpoints.trained(), dir.resolve("out"), ConversionOptions.DEFAULT);
    assertThat(report.warnings()).isEmpty();
    assertThat(report.config().text()).contains(new TextConfig(List.of(0), List.of()));
    assertThat(report.config().architecture().eosTokenIds()).containsExactly(0);
    assertDecided(
        ((Map<?, ?>) json(report.folder()).get("text")).get("begin"),
        "config.json: bos_token_id",
        0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "generation_config.json | {'eos_token_id': [2, 256]} | generation_config.json: eos_token_id gives the id 256",
        "generation_config.json | {'bos_token_id': 300} | generation_config.json: bos_token_id gives the id 300",
        "tokenizer_config.json | {'tokenizer_class': 'LlamaTokenizer', 'bos_token': 'Alice'}"
            + " | tokenizer_config.json: tokenizer_class LlamaTokenizer gives the id",
      })
  void refusesIdsOutsideOfTheVocabulary(String file, String content, String message)
      throws IOException {
    Checkpoints.putTokenizer("made-bl-gpt2", "tokenizer.json", source);
    write(file, content);
    assertThatThrownBy(() -> convert("out"))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(source.toString())
        .hasMessageContaining(message)
        .hasMessageContaining("expected ids from 0 to 255 as vocab_size says");
    assertThat(Checkpoints.list(dir)).containsExactly("source");
  }

  @Test
  void refusesMoreIdsAroundATextThanAnyModelHas() throws IOException {
    Checkpoints.putTokenizer("made-post-sequence", "tokenizer.json", source);
    Path tokenizer = source.resolve("tokenizer.json");
    String one = "{\"SpecialToken\":{\"id\":\"<bos>\",\"type_id\":0}}";
    String text = Files.readString(tokenizer);
    assertThat(text).contains(one);
    Files.writeString(tokenizer, text.replace(one, String.join(",", Collections.nCopies(65, one))));
    assertThatThrownBy(() -> convert("out"))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(
            "tokenizer.json: post-processor puts 65 ids around a text, expected at most 64");
  }

  private ConversionReport convert(String name) throws IOException {
    return CheckpointConverter.convert(source, dir.resolve(name), ConversionOptions.DEFAULT);
  }

  private void write(String file, String content) throws IOException {
    Files.writeString(source.resolve(file), content.replace('\'', '"'));
  }

  private static Map<String, Object> json(Path folder) throws IOException {
    return StrictJson.read(folder.resolve("conversion.json"), 1 << 20);
  }

  private static List<String> sourceFiles(Path folder) throws IOException {
    return ((List<?>) json(folder).get("source_files"))
        .stream().map(file -> (String) ((Map<?, ?>) file).get("name")).toList();
  }

  private static void assertDecided(Object decided, String source, long... ids) {
    Map<?, ?> map = (Map<?, ?>) decided;
    assertThat(map.get("from")).isEqualTo(source);
    assertThat(map.get("ids")).isEqualTo(java.util.Arrays.stream(ids).boxed().toList());
  }
}
