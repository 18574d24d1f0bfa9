package dev.mor4j.runtime.text.bounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.Sharing;
import dev.mor4j.runtime.format.StrictJson;
import dev.mor4j.runtime.format.TextConfig;
import dev.mor4j.runtime.text.codec.TextBounds;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TokenDecoder;
import dev.mor4j.runtime.text.codec.TooManyTokensException;
import dev.mor4j.runtime.text.tokenizer.TokenizerFiles;
import dev.mor4j.testing.ProjectFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextBoundsRulesTest {
  private static final Path DATA = ProjectFiles.root().resolve("testdata/tokenizers");
  private static final List<String> SETTINGS =
      List.of("tokenizer_config.json", "config.json", "special_tokens_map.json");

  @TempDir Path dir;

  private final Map<String, TokenCodec> opened = new HashMap<>();

  @Test
  void textsHaveTheIdsOfTheLibrary() throws IOException {
    List<Map<String, Object>> combinations =
        combinations(Files.readString(DATA.resolve("begin-end.jsonl")));
    assertThat(combinations).hasSize(180);
    for (Map<String, Object> combination : combinations) {
      Path folder = folder(combination);
      TokenCodec codec = codec(combination, folder);
      TextDecision decision = TextBoundsRules.of(folder, codec);
      assertNames(decision, combination);
      TokenCodec completed = TextBoundsRules.completed(folder, codec);
      List<?> cases = (List<?>) combination.get("cases");
      assertThat(cases).hasSize(5);
      for (Object each : cases) {
        Map<?, ?> expected = (Map<?, ?>) each;
        List<Object> ids = new ArrayList<>(longs(decision.begin().ids()));
        for (int id : completed.encode((String) expected.get("text"), true, TokenCodec.NO_LIMIT)) {
          ids.add((long) id);
        }
        ids.addAll(longs(decision.end().ids()));
        assertThat(ids)
            .as("%s: %s", combination, expected.get("text"))
            .isEqualTo(expected.get("ids"));
      }
    }
  }

  @Test
  void classesFormsOfTokensAndFilesAreAsInTheLibrary() throws IOException {
    String lines;
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(DATA.resolve("begin-end-classes.jsonl.gz")))) {
      lines = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    List<Map<String, Object>> combinations = combinations(lines);
    assertThat(combinations).hasSize(491);
    for (Map<String, Object> combination : combinations) {
      Path folder = folder(combination);
      TextDecision decision = TextBoundsRules.of(folder, codec(combination, folder));
      assertNames(decision, combination);
      assertThat(longs(decision.begin().ids()))
          .as("%s", combination)
          .isEqualTo(combination.get("begin"));
      assertThat(longs(decision.end().ids()))
          .as("%s", combination)
          .isEqualTo(combination.get("end"));
    }
  }

  private static void assertNames(TextDecision decision, Map<String, Object> combination) {
    assertThat(first(decision.bos())).as("%s", combination).isEqualTo(combination.get("bos_id"));
    assertThat(first(decision.eos())).as("%s", combination).isEqualTo(combination.get("eos_id"));
  }

  /** The library has no file for it; we do as before there was one. */
  @Test
  void theConfigurationBeginsTextsWhereNoFileSaysMore() throws IOException {
    Path folder = tokenizer("made-bl-gpt2");
    write(folder, "config.json", "{'model_type': 'llama', 'bos_token_id': 3, 'eos_token_id': 5}");
    TextDecision decision = decide(folder);
    assertThat(decision.bounds()).isEqualTo(new TextBounds(new int[] {3}, new int[0]));
    assertThat(decision.begin().source()).isEqualTo("config.json: bos_token_id");
    assertThat(decision.eos().ids()).containsExactly(5);
    assertThat(decision.warnings()).isEmpty();
    Files.delete(folder.resolve("config.json"));
    assertThat(decide(folder).bounds()).isEqualTo(TextBounds.NONE);
  }

  /** Its class would put {@code <s>} in the place of the template, which has no such token. */
  @Test
  void theTemplateCountsWhereTheModelsTypeDoesNotFitTheTokenizer() throws IOException {
    Path folder = tokenizer("made-post-sequence");
    write(folder, "config.json", "{'model_type': 'llama', 'bos_token_id': 0, 'eos_token_id': 1}");
    TextDecision decision = decide(folder);
    assertThat(decision.bounds()).isEqualTo(new TextBounds(new int[] {0}, new int[] {1}));
    assertThat(decision.begin().source()).isEqualTo("tokenizer.json: post-processor");
  }

  @Test
  void aTokenizersFileAloneHasItsPostProcessor() throws IOException {
    Path folder = tokenizer("made-template-eos");
    write(folder, "tokenizer_config.json", "{'tokenizer_class': 'LlamaTokenizer'}");
    Path file = folder.resolve("tokenizer.json");
    TextDecision decision = TextBoundsRules.of(file, TokenizerFiles.open(file));
    assertThat(decision.bounds()).isEqualTo(new TextBounds(new int[] {0, 2}, new int[] {1, 1}));
    assertThat(decision.eos().ids()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // generation_config.json | config.json | expected ends | source | warnings
        "{'eos_token_id': [0, 274]} | {'eos_token_id': 0} | 0,274 | generation_config.json | 1",
        "{'eos_token_id': [0, 274]} | {} | 0,274 | generation_config.json | 0",
        "{'eos_token_id': 7} | {'eos_token_id': [7]} | 7 | generation_config.json | 0",
        "{'eos_token_id': [7, 8]} | {'eos_token_id': [8, 7]} | 7,8 | generation_config.json | 0",
        "{'eos_token_id': [7, 7]} | {} | 7 | generation_config.json | 0",
        "{'eos_token_id': []} | {'eos_token_id': 4} | 4 | config.json | 0",
        "{'eos_token_id': null} | {'eos_token_id': 4} | 4 | config.json | 0",
        "{} | {'eos_token_id': 4} | 4 | config.json | 0",
        "{} | {'eos_token_id': null} | | config.json | 0",
        "{} | {} | | no file says it | 0",
      })
  void generationEndsWhereTheFirstFileSays(
      String generation, String config, String ends, String source, int warnings)
      throws IOException {
    Path folder = tokenizer("made-split-string");
    write(folder, "generation_config.json", generation);
    write(folder, "config.json", config);
    for (TextDecision decision :
        List.of(decide(folder), TextBoundsRules.withoutTokenizer(folder))) {
      assertThat(decision.eos().ids())
          .extracting(String::valueOf)
          .containsExactly(ends == null ? new String[0] : ends.split(","));
      assertThat(decision.warnings()).hasSize(warnings);
    }
    assertThat(decide(folder).eos().source()).startsWith(source);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "config.json | {'bos_token_id': 9, 'eos_token_id': 1}"
            + " | bos_token is \"<bos>\" (0), but config.json: bos_token_id says that a text begins with [9]",
        "config.json | {'bos_token_id': 9, 'eos_token_id': 1}"
            + " | texts begin with [0] (tokenizer.json: post-processor), but config.json: bos_token_id is [9]",
        "config.json | {'bos_token_id': 0, 'eos_token_id': 9}"
            + " | eos_token is \"<eos>\" (1), but config.json: eos_token_id says that generation ends at [9]",
        "generation_config.json | {'bos_token_id': 0, 'eos_token_id': [1, 5]}"
            + " | generation_config.json: eos_token_id is [1, 5], but config.json: eos_token_id is [1]; the former counts",
        "generation_config.json | {'bos_token_id': 3}"
            + " | generation_config.json: bos_token_id is [3], but config.json: bos_token_id is [0]",
        "tokenizer_config.json | {'tokenizer_class': 'PreTrainedTokenizerFast', 'add_bos_token': false}"
            + " | add_bos_token is false, which has no effect with tokenizer_config.json: tokenizer_class PreTrainedTokenizerFast",
        "tokenizer_config.json | {'tokenizer_class': 'LlamaTokenizer', 'bos_token': '<none>'}"
            + " | adds a token to every text, but \"<none>\" (tokenizer_config.json: bos_token) is not in the vocabulary",
        "tokenizer_config.json | {'tokenizer_class': 'LlamaTokenizer', 'bos_token': null}"
            + " | adds a token to every text, but no file says which",
      })
  void warnsOfContradictions(String file, String content, String warning) throws IOException {
    Path folder = tokenizer("made-post-sequence");
    write(
        folder,
        "tokenizer_config.json",
        "{'tokenizer_class': 'PreTrainedTokenizerFast', 'bos_token': '<bos>', 'eos_token': '<eos>'}");
    write(folder, "config.json", "{'bos_token_id': 0, 'eos_token_id': 1}");
    assertThat(decide(folder).warnings()).isEmpty();
    write(folder, file, content);
    assertThat(decide(folder).warnings()).anyMatch(each -> each.contains(warning));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "generation_config.json | {'eos_token_id': 'x'} | eos_token_id is \"x\", expected a token id",
        "generation_config.json | {'eos_token_id': -1} | eos_token_id is -1, expected a token id",
        "generation_config.json | {'eos_token_id': [1, 2.5]} | expected a token id or a list",
        "generation_config.json | {'eos_token_id': 99999999999} | expected a token id",
        "generation_config.json | {'bos_token_id': [1, 2]} | bos_token_id is [1, 2], expected one",
        "generation_config.json | [1] | found no JSON object",
        "tokenizer_config.json | {'tokenizer_class': 'LlamaTokenizer', 'add_bos_token': 1}"
            + " | add_bos_token is 1, expected true or false",
        "tokenizer_config.json | {'tokenizer_class': 3} | tokenizer_class is 3, expected a string",
        "tokenizer_config.json | {'bos_token': 3} | bos_token is 3, expected a token",
        "tokenizer_config.json | {'bos_token': '<x>', 'added_tokens_decoder': {'x': {'content': '<x>'}}}"
            + " | added_tokens_decoder.x",
        "tokenizer_config.json | {'bos_token': '<x>', 'added_tokens_decoder': {'4294967295': {'content': '<x>'}}}"
            + " | added_tokens_decoder.4294967295",
        "tokenizer_config.json | {'bos_token': '<x>', 'added_tokens_decoder': {'1': 2}}"
            + " | added_tokens_decoder.1 is 2, expected an object",
        "special_tokens_map.json | {'eos_token': []} | eos_token is [], expected a token",
      })
  void refusesSettingsOfTheWrongType(String file, String content, String message)
      throws IOException {
    Path folder = tokenizer("made-post-sequence");
    write(folder, file, content);
    assertThatThrownBy(() -> decide(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(folder.resolve(file).toString())
        .hasMessageContaining(message);
  }

  /** Models converted before the section was there begin texts as they did then. */
  @Test
  void convertedModelsSayItThemselves() throws IOException {
    Path folder = tokenizer("made-template-eos");
    write(
        folder,
        "tokenizer_config.json",
        "{'tokenizer_class': 'LlamaTokenizer', 'bos_token': '<eos>'}");
    Path config = folder.resolve("config.json");
    ModelConfigJson.write(model(5, Optional.empty()), config);
    assertThat(decide(folder).bounds())
        .isEqualTo(new TextBounds(new int[] {5, 0, 2}, new int[] {1, 1}));
    Files.delete(config);
    ModelConfigJson.write(model(0, Optional.empty()), config);
    assertThat(decide(folder).bounds())
        .isEqualTo(new TextBounds(new int[] {0, 2}, new int[] {1, 1}));
    Files.delete(config);
    ModelConfigJson.write(model(0, Optional.of(new TextConfig(List.of(7), List.of(8, 9)))), config);
    TextDecision decision = decide(folder);
    assertThat(decision.bounds()).isEqualTo(new TextBounds(new int[] {7}, new int[] {8, 9}));
    assertThat(decision.eos().ids()).containsExactly(3, 4);
    TokenCodec codec = TokenizerFiles.open(folder);
    assertThat(TextBoundsRules.completed(folder, codec)).isSameAs(codec);
  }

  @Test
  void findsTheTokenizersFiles() throws IOException {
    Path folder = Files.createDirectory(dir.resolve("files"));
    assertThat(TextFiles.tokenizer(folder)).isEmpty();
    Path vocabulary = Files.createFile(folder.resolve("vocab.json"));
    assertThatThrownBy(() -> TextFiles.tokenizer(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("has vocab.json and no merges.txt, expected both");
    Path merges = Files.createFile(folder.resolve("merges.txt"));
    assertThat(TextFiles.tokenizer(folder)).containsExactly(vocabulary, merges);
    Path sentencePiece = Files.createFile(folder.resolve("tokenizer.model"));
    assertThat(TextFiles.tokenizer(folder)).containsExactly(sentencePiece);
    Path json = Files.createFile(folder.resolve("tokenizer.json"));
    assertThat(TextFiles.tokenizer(folder)).containsExactly(json);
    Path template = Files.createFile(folder.resolve("chat_template.jinja"));
    assertThat(TextFiles.settings(folder)).containsExactly(template);
    Files.createDirectory(folder.resolve("generation_config.json"));
    assertThatThrownBy(() -> TextFiles.settings(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("found a folder, a link to nowhere or the like");
  }

  @Test
  void completedTokenizersHaveTheTokensOfTheirClass() throws IOException {
    Path folder = tokenizer("made-bl-gpt2");
    write(
        folder,
        "tokenizer_config.json",
        "{'tokenizer_class': 'LlamaTokenizer', 'added_tokens_decoder': {'1200': {'content': '<s>>'}}}");
    TokenCodec codec = TokenizerFiles.open(folder);
    TokenCodec completed = TextBoundsRules.completed(folder, codec);
    int first = codec.idBound();
    assertThat(completed.idBound()).isEqualTo(first + 4);
    assertThat(List.of("<s>>", "<s>", "</s>", "<unk>"))
        .allSatisfy(token -> assertThat(codec.id(token)).isEmpty())
        .extracting(token -> completed.id(token).getAsInt())
        .containsExactly(first, first + 1, first + 2, first + 3);
    assertThat(completed.token(first + 2)).contains("</s>");
    assertThat(completed.isSpecial(first + 2)).isTrue();
    assertThat(completed.id("a")).isEqualTo(codec.id("a"));
    String text = "<s>a<s>>b</s>";
    int a = codec.id("a").getAsInt();
    int b = codec.id("b").getAsInt();
    int[] ids = completed.encode(text, true, 5);
    assertThat(ids).containsExactly(first + 1, a, first, b, first + 2);
    assertThat(completed.encode(text, false, TokenCodec.NO_LIMIT))
        .isEqualTo(codec.encode(text, false, TokenCodec.NO_LIMIT));
    for (int most : IntStream.range(0, 5).toArray()) {
      assertThatThrownBy(() -> completed.encode(text, true, most))
          .isInstanceOfSatisfying(
              TooManyTokensException.class, e -> assertThat(e.maxTokens()).isEqualTo(most));
    }
    assertThat(decoded(completed.decoder(false), ids)).isEqualTo(text);
    assertThat(decoded(completed.decoder(true), ids)).isEqualTo("ab");
  }

  private static String decoded(TokenDecoder decoder, int[] ids) {
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      decoder.add(id, text);
    }
    decoder.finish(text);
    return text.toString();
  }

  private static TextDecision decide(Path folder) throws IOException {
    return TextBoundsRules.of(folder, TokenizerFiles.open(folder));
  }

  private static ModelConfig model(int bos, Optional<TextConfig> text) {
    ArchitectureConfig sizes =
        ArchitectureConfig.builder()
            .hidden(8)
            .intermediate(16)
            .heads(2)
            .kvHeads(1)
            .headDim(4)
            .layers(2)
            .vocabulary(2048)
            .maxPositions(16)
            .bosTokenId(bos)
            .eosTokenIds(List.of(3, 4))
            .build();
    return new ModelConfig(
            sizes, Sharing.NONE, 1, new RoutingConfig.None(), Caching.RECURSION_WISE, Map.of())
        .withText(text);
  }

  /** A folder with one of the tokenizers of testdata. */
  private Path tokenizer(String name) throws IOException {
    Path folder = Files.createTempDirectory(dir, name);
    unpack(name, "tokenizer.json", folder);
    return folder;
  }

  private static void unpack(String name, String file, Path folder) throws IOException {
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(DATA.resolve(name).resolve(file + ".gz")))) {
      Files.copy(in, folder.resolve(file));
    }
  }

  private static void write(Path folder, String file, String json) throws IOException {
    Files.writeString(folder.resolve(file), json.replace('\'', '"'));
  }

  /** A folder with the tokenizer and the settings of a combination. */
  private Path folder(Map<String, Object> combination) throws IOException {
    Path folder = Files.createTempDirectory(dir, "combination");
    for (String file : files(combination)) {
      unpack((String) combination.get("tokenizer"), file, folder);
    }
    for (String file : SETTINGS) {
      if (combination.get(file) instanceof Map<?, ?> settings) {
        Map<String, Object> named = new HashMap<>();
        settings.forEach((key, value) -> named.put((String) key, value));
        StrictJson.write(named, folder.resolve(file));
      }
    }
    return folder;
  }

  private static List<String> files(Map<String, Object> combination) {
    return combination.get("only") instanceof List<?> names
        ? names.stream().map(String.class::cast).toList()
        : List.of("tokenizer.json");
  }

  private TokenCodec codec(Map<String, Object> combination, Path folder) throws IOException {
    String key = combination.get("tokenizer") + " " + files(combination);
    TokenCodec codec = opened.get(key);
    if (codec == null) {
      codec = TokenizerFiles.open(folder);
      opened.put(key, codec);
    }
    return codec;
  }

  private List<Map<String, Object>> combinations(String lines) throws IOException {
    List<Map<String, Object>> combinations = new ArrayList<>();
    Path file = dir.resolve("line.json");
    for (String line : lines.lines().toList()) {
      Files.writeString(file, line);
      combinations.add(StrictJson.read(file, 1 << 20));
    }
    return combinations;
  }

  private static List<Long> longs(List<Integer> ids) {
    return ids.stream().map(Integer::longValue).toList();
  }

  private static Object first(TextDecision.Decided decided) {
    return decided.ids().isEmpty() ? null : (Object) decided.ids().getFirst().longValue();
  }
}
