package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.testing.ProjectFiles;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tokenizers as applications use them, and what becomes of prompts. */
class TokenizerTest {
  private static final Path TOKENIZERS = ProjectFiles.root().resolve("testdata/tokenizers");
  private static final int END = 0;
  private static final GenerationOptions SHORT = GenerationOptions.greedy().withMaxNewTokens(4);

  @TempDir Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = TestModels.expert(folder.resolve("model"));
  }

  /** Folders of tokenizers. */
  static List<String> names() throws IOException {
    try (Stream<Path> folders = Files.list(TOKENIZERS)) {
      return folders
          .filter(each -> !packed(each).isEmpty())
          .map(each -> each.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  private static List<Path> packed(Path tokenizer) {
    return Stream.of("tokenizer.json.gz", "tokenizer.model.gz", "vocab.json.gz", "merges.txt.gz")
        .map(tokenizer::resolve)
        .filter(Files::exists)
        .toList();
  }

  private Path unpacked(String name) throws IOException {
    Path place = Files.createDirectory(folder.resolve(name));
    for (Path file : packed(TOKENIZERS.resolve(name))) {
      String plain = file.getFileName().toString().replace(".gz", "");
      try (GZIPInputStream bytes = new GZIPInputStream(Files.newInputStream(file))) {
        Files.copy(bytes, place.resolve(plain));
      }
    }
    return place;
  }

  @Test
  void thereAreTokenizersToTry() throws IOException {
    assertThat(names()).hasSizeGreaterThan(50).contains("gpt2", "qwen3", "mistral-v3", "spm-bpe");
  }

  @ParameterizedTest
  @MethodSource("names")
  void streamsJoinToWhatDecodingAtOnceGives(String name) throws IOException {
    Tokenizer tokenizer = Tokenizer.open(unpacked(name));
    SplittableRandom random = new SplittableRandom(16);
    int bound = tokenizer.idBound() + 3;
    for (int i = 0; i < 300; i++) {
      // Short texts for what is at their ends, and few different ids for runs of bytes.
      int from = random.nextInt(3) == 0 ? random.nextInt(bound) : 0;
      int to = from == 0 && random.nextBoolean() ? Math.min(bound, 300) : bound;
      int[] ids = random.ints(random.nextInt(1, 24), from, Math.max(from + 1, to)).toArray();
      boolean skip = random.nextBoolean();
      String whole = tokenizer.decode(ids, skip);
      List<String> pieces = tokenizer.pieces(ids, skip);
      assertThat(pieces).hasSize(ids.length).allSatisfy(TokenizerTest::assertWhole);
      assertThat(String.join("", pieces)).as("%s", Arrays.toString(ids)).isEqualTo(whole);

      int cut = random.nextInt(ids.length + 1);
      int[] context = Arrays.copyOf(ids, cut);
      StringBuilder behind = new StringBuilder();
      DecodedStream stream = tokenizer.stream(context, skip);
      for (int id : Arrays.copyOfRange(ids, cut, ids.length)) {
        String piece = stream.add(id);
        assertWhole(piece);
        behind.append(piece);
      }
      behind.append(stream.finish());
      String expected = after(tokenizer.decode(context, skip), whole);
      assertThat(behind).as("%s from %d on", Arrays.toString(ids), cut).hasToString(expected);
    }
  }

  private static void assertWhole(String piece) {
    assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(piece)).as(piece).isTrue();
  }

  /** What {@code whole} has behind what it has in common with {@code before}. */
  private static String after(String before, String whole) {
    int common = Arrays.mismatch(before.toCharArray(), whole.toCharArray());
    common = common < 0 ? before.length() : common;
    boolean inPair =
        common > 0 && common < whole.length() && Character.isLowSurrogate(whole.charAt(common));
    return whole.substring(inPair ? common - 1 : common);
  }

  @ParameterizedTest
  @MethodSource("names")
  void stopStringsEndTheTextBeforeThem(String name) throws IOException {
    Tokenizer tokenizer = Tokenizer.open(unpacked(name));
    SplittableRandom random = new SplittableRandom(17);
    for (int i = 0; i < 100; i++) {
      int[] ids = random.ints(30, 0, tokenizer.idBound()).toArray();
      String whole = tokenizer.decode(ids);
      if (whole.length() < 8) {
        continue;
      }
      int at = random.nextInt(whole.length() - 4);
      String stop = whole.substring(at, at + random.nextInt(1, 5));
      var assembler = tokenizer.assembler(new int[0], List.of(stop));
      StringBuilder text = new StringBuilder();
      for (int id : ids) {
        text.append(assembler.add(id));
        if (assembler.stopped()) {
          break;
        }
        // Held back is less than a stop string, beside what the decoder does not know yet.
        assertThat(whole).startsWith(text);
      }
      text.append(assembler.finish());
      String before = whole.substring(0, whole.indexOf(stop));
      if (!before.isEmpty() && Character.isHighSurrogate(before.charAt(before.length() - 1))) {
        before = before.substring(0, before.length() - 1);
      }
      assertThat(text).hasToString(before);
    }
  }

  @Test
  void specialTokensInATextAreTextUnlessTheCallerSaysSo() throws IOException {
    Tokenizer tokenizer = Tokenizer.open(model);
    String text = "a<|endoftext|>b";
    int[] plain = tokenizer.encode(text);
    assertThat(plain).startsWith(END);
    assertThat(IntStream.of(plain).filter(id -> id == END)).hasSize(1);
    assertThat(tokenizer.decode(plain)).isEqualTo(text);
    int[] parsed = tokenizer.encode(text, EncodingOptions.defaults().withParseSpecial(true));
    assertThat(IntStream.of(parsed).filter(id -> id == END)).hasSize(2);
    assertThat(tokenizer.decode(parsed)).isEqualTo("ab");
    assertThat(tokenizer.decode(parsed, false)).isEqualTo("<|endoftext|>" + text);
    assertThat(tokenizer.specialToken("<|endoftext|>")).hasValue(END);
    assertThat(tokenizer.specialToken("a")).isEmpty();
    assertThat(tokenizer.token(END)).isEqualTo(Optional.of("<|endoftext|>"));
    assertThat(tokenizer.isSpecial(END)).isTrue();
  }

  @Test
  void encodingStopsAtTheLimit() throws IOException {
    Tokenizer tokenizer = Tokenizer.open(model);
    int[] ids = tokenizer.encode("Once upon a time");
    EncodingOptions exact = EncodingOptions.defaults().withMaxTokens(ids.length);
    assertThat(tokenizer.encode("Once upon a time", exact)).isEqualTo(ids);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.encode("Once upon a time", exact.withMaxTokens(ids.length - 1)))
        .withMessageContaining("more than " + (ids.length - 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.encode("", exact.withMaxTokens(0)));
    assertThat(tokenizer.encode("", EncodingOptions.textOnly().withMaxTokens(0))).isEmpty();
  }

  @Test
  void openSaysWhatIsMissing() throws IOException {
    assertThatThrownBy(() -> Tokenizer.open(folder.resolve("nowhere")))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("nowhere");
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThatThrownBy(() -> Tokenizer.open(empty))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("tokenizer.json");
    // A file alone has no configuration that puts an id before a text.
    assertThat(Tokenizer.open(model.resolve("tokenizer.json")).beginIds()).isEmpty();
    assertThat(Tokenizer.open(model).beginIds()).containsExactly(END);
  }

  @Test
  void idsThatTheModelHasNotAreRefused() throws IOException {
    Path small = TestModels.tiny(folder.resolve("small"));
    Files.copy(model.resolve("tokenizer.json"), small.resolve("tokenizer.json"));
    try (MorModel opened = MorModel.open(small)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> opened.tokenizer().orElseThrow().encode("Once upon"))
          .withMessageContaining("vocabulary of 40");
    }
  }

  @Test
  void onlyTheBeginningOfASessionGetsABeginning() throws IOException {
    try (MorModel opened = MorModel.open(model);
        MorSession session = opened.newSession()) {
      Tokenizer tokenizer = opened.tokenizer().orElseThrow();
      int[] text = tokenizer.encode("Once upon", EncodingOptions.textOnly());
      session.generate("Once upon", SHORT);
      int length = session.tokenIds().length;
      assertThat(session.tokenIds()).startsWith(END).containsSequence(text);
      session.generate("Once upon", SHORT);
      assertThat(Arrays.copyOfRange(session.tokenIds(), length, length + text.length))
          .isEqualTo(text);
      session.reset();
      session.generate("Once upon", SHORT.withAddBos(false));
      assertThat(session.tokenIds()).startsWith(text);
    }
  }

  @Test
  void aBeginningOfTheUsersIsNotDoubledAndThatIsSaid() throws IOException {
    GenerationOptions parsing = SHORT.withParseSpecial(true);
    String prompt = "<|endoftext|>Once";
    List<GenerationResult> results = new ArrayList<>();
    try (MorModel opened = MorModel.open(model);
        MorSession session = opened.newSession();
        MorEngine engine = opened.newEngine(EngineOptions.defaults())) {
      int[] once = opened.tokenizer().orElseThrow().encode("Once");
      results.add(session.generate(prompt, parsing));
      assertThat(Arrays.copyOf(session.tokenIds(), once.length)).isEqualTo(once);
      results.add(
          engine.submit(GenerationRequest.of(prompt).withGeneration(parsing)).result().join());
      for (GenerationResult result : results) {
        assertThat(result.promptTokens()).isEqualTo(once.length);
        assertThat(result.warnings()).hasSize(1);
        assertThat(result.warnings().getFirst()).contains("<|endoftext|>", "second time");
      }
      // Neither in the middle of a session, nor where nothing is parsed, nor where it is absent.
      GenerationResult middle = session.generate(prompt, parsing);
      assertThat(middle.warnings()).isEmpty();
      assertThat(middle.promptTokens()).isEqualTo(once.length);
      session.reset();
      assertThat(session.generate(prompt, SHORT).warnings()).isEmpty();
      session.reset();
      assertThat(session.generate("Once", parsing).warnings()).isEmpty();
      assertThat(Arrays.copyOf(session.tokenIds(), once.length)).isEqualTo(once);
    }
  }

  @Test
  void promptsThatTheContextCannotHoldAreRefusedBeforeTheyAreRead() throws IOException {
    String prompt = "Once upon a time ".repeat(100_000);
    try (MorModel opened = MorModel.open(model);
        MorSession session = opened.newSession();
        MorEngine engine = opened.newEngine(EngineOptions.defaults())) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.generate(prompt, SHORT))
          .withMessageContaining("more than the 128 tokens")
          .withMessageContaining("at most 128 in all");
      session.generate("Once", SHORT);
      int used = session.tokenIds().length;
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.generate(prompt, SHORT))
          .withMessageContaining("more than the " + (128 - used) + " tokens");
      assertThatThrownBy(() -> engine.submit(GenerationRequest.of(prompt)))
          .isInstanceOfSatisfying(
              RequestRefusedException.class,
              refused ->
                  assertThat(refused.reason()).isEqualTo(RequestRefusedException.Reason.TOO_LARGE))
          .hasMessageContaining("context of 128");
    }
  }

  @Test
  void aCharacterOverTheBorderOfPromptAndTextComesOutWhole() throws IOException {
    try (MorModel opened = MorModel.open(model);
        MorSession session = opened.newSession()) {
      Tokenizer tokenizer = opened.tokenizer().orElseThrow();
      int[] face = tokenizer.encode("😀");
      for (int cut = 1; cut < face.length; cut++) {
        for (int seed = 0; seed < 10; seed++) {
          session.reset();
          GenerationOptions random = SHORT.withTemperature(5).withMaxNewTokens(8).withSeed(seed);
          GenerationResult result =
              session.generate(
                  Arrays.copyOf(face, cut), random, token -> assertWhole(token.text()));
          if (result.finishReason() == FinishReason.LENGTH) {
            String whole = tokenizer.decode(session.tokenIds());
            String prompt = tokenizer.decode(Arrays.copyOf(face, cut));
            assertThat(result.text()).isEqualTo(after(prompt, whole));
          }
        }
      }
    }
  }

  /** As in the library: the settings of a checkpoint may name tokens that no file of it has. */
  @Test
  void aCheckpointsTokenizerHasTheTokensThatItsSettingsName() throws IOException {
    Path checkpoint = Files.createDirectory(folder.resolve("checkpoint"));
    Files.copy(TestModels.TOKENIZER, checkpoint.resolve("tokenizer.json"));
    Files.writeString(
        checkpoint.resolve("tokenizer_config.json"),
        "{\"tokenizer_class\": \"Qwen2Tokenizer\", \"pad_token\": \"<pad>\"}");
    EncodingOptions parsing = EncodingOptions.defaults().withParseSpecial(true);
    assertThat(Tokenizer.open(checkpoint).encode("<pad>", parsing))
        .containsExactly(TestModels.VOCABULARY);
    assertThat(Tokenizer.open(checkpoint.resolve("tokenizer.json")).encode("<pad>", parsing))
        .hasSizeGreaterThan(1);
  }
}
