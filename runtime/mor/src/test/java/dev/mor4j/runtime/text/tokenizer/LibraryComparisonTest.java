package dev.mor4j.runtime.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mor4j.runtime.text.codec.TokenCodec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random texts and ids give what the Hugging Face library gives for them. The system property
 * {@code mor4j.tokenizer.strings} sets how many texts are tried, over all tokenizers.
 */
class LibraryComparisonTest {
  private static final int STRINGS = Integer.getInteger("mor4j.tokenizer.strings", 20_000);

  @TempDir private Path folder;

  static Stream<Arguments> names() throws IOException {
    return TokenizerData.names().stream()
        .filter(name -> !name.equals("gpt2"))
        .map(name -> arguments(name));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void agreesWithTheLibrary(String name) throws IOException {
    TokenizerData.unpack(name, folder);
    Path file = folder.resolve("tokenizer.json");
    TokenCodec codec = TokenizerFiles.open(file);
    int strings = (int) (STRINGS / names().count());
    assertThat(strings).isPositive();
    try (LibraryTokenizer library = LibraryTokenizer.open(file)) {
      var texts = new RandomTexts(name.hashCode(), addedTokens(codec));
      for (int i = 0; i < strings; i++) {
        String text = texts.next();
        int[] ids = codec.encode(text, true, TokenCodec.NO_LIMIT);
        assertThat(ids)
            .as(() -> LibraryTokenizer.escaped(text))
            .isEqualTo(library.encode(text, false));
        // Its decoder Strip ends the JVM at a token that is too short for it.
        if (!name.startsWith("made-dec-strip")) {
          check(codec, library, ids);
          check(codec, library, texts.ids(codec.idBound()));
        }
      }
    }
  }

  private static void check(TokenCodec codec, LibraryTokenizer library, int[] ids) {
    for (boolean skipSpecial : new boolean[] {false, true}) {
      assertThat(TokenizerData.decode(codec, ids, skipSpecial))
          .as(() -> Arrays.toString(ids))
          .isEqualTo(library.decode(ids, skipSpecial));
    }
  }

  private static List<String> addedTokens(TokenCodec codec) {
    List<String> tokens = new ArrayList<>(List.of("ab", "word", "Caf\u00E9", "<s>"));
    for (int id = 0; id < codec.idBound(); id++) {
      if (codec.isSpecial(id)) {
        tokens.add(codec.token(id).orElseThrow());
      }
    }
    for (String token : List.of("<ls>", "<rs>", "<both>", "<sw>", "<lsn>", "<rsn>", "<swb>")) {
      if (codec.id(token).isPresent()) {
        tokens.add(token);
      }
    }
    return tokens;
  }
}
