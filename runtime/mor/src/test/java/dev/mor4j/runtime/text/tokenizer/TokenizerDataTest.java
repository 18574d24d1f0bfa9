package dev.mor4j.runtime.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mor4j.runtime.text.codec.TokenCodec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every tokenizer of {@code testdata} gives what the Hugging Face library gives. */
class TokenizerDataTest {
  @TempDir private Path folder;

  static Stream<Arguments> names() throws IOException {
    return TokenizerData.names().stream().map(name -> arguments(name));
  }

  private TokenCodec open(String name) throws IOException {
    TokenizerData.unpack(name, folder);
    return TokenizerFiles.open(folder);
  }

  @Test
  void thereAreAllTokenizers() throws IOException {
    assertThat(TokenizerData.names()).hasSizeGreaterThanOrEqualTo(58);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void textsGiveTheirIds(String name) throws IOException {
    TokenCodec codec = open(name);
    List<Map<String, Object>> cases = TokenizerData.cases(name, "cases.jsonl.gz");
    assertThat(cases).hasSizeGreaterThan(300);
    List<String> differences = new ArrayList<>();
    for (Map<String, Object> expected : cases) {
      String text = (String) expected.get("text");
      boolean addSpecial = (Boolean) expected.get("add_special");
      int[] ids = (int[]) expected.get("ids");
      int[] plain = (int[]) expected.getOrDefault("ids_plain", ids);
      compare(differences, text, TokenizerData.encode(codec, text, addSpecial, true), ids);
      compare(
          differences,
          "special tokens as text: " + text,
          TokenizerData.encode(codec, text, addSpecial, false),
          plain);
      compareTexts(differences, codec, expected);
    }
    assertThat(differences).isEmpty();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void idsGiveTheirText(String name) throws IOException {
    TokenCodec codec = open(name);
    List<Map<String, Object>> cases = TokenizerData.cases(name, "decode.jsonl.gz");
    assertThat(cases).hasSizeGreaterThan(100);
    List<String> differences = new ArrayList<>();
    for (Map<String, Object> expected : cases) {
      compareTexts(differences, codec, expected);
    }
    assertThat(differences).isEmpty();
  }

  private static void compare(List<String> differences, String what, int[] ids, int[] expected) {
    if (!Arrays.equals(ids, expected)) {
      differences.add(
          what + "\ngives " + Arrays.toString(ids) + "\nnot   " + Arrays.toString(expected));
    }
  }

  private static void compareTexts(
      List<String> differences, TokenCodec codec, Map<String, Object> expected) {
    int[] ids = (int[]) expected.get("ids");
    for (boolean skipSpecial : new boolean[] {false, true}) {
      String decoded = (String) expected.get(skipSpecial ? "decoded_skip" : "decoded");
      String text = TokenizerData.decode(codec, ids, skipSpecial);
      // Where the library panics, decoding has only to end.
      if (decoded != null && !decoded.equals(text)) {
        differences.add(
            expected.get("kind")
                + " "
                + Arrays.toString(ids)
                + "\ngives "
                + text
                + "\nnot   "
                + decoded);
      }
    }
  }
}
