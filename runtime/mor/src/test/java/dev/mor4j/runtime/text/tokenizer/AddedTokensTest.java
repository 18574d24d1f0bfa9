package dev.mor4j.runtime.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.text.codec.TokenCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Thousands of added tokens, held against a search that tries every one at every place. */
class AddedTokensTest {
  @TempDir private Path folder;

  private TokenCodec open(List<String> tokens, String settings) throws IOException {
    String added =
        tokens.stream()
            .map(token -> "{\"id\":0,\"content\":\"" + token + "\"," + settings + "}")
            .collect(Collectors.joining(","));
    return TokenizerFiles.open(
        Files.writeString(
            folder.resolve("tokenizer.json"),
            "{\"added_tokens\":["
                + added
                + "],\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"<\":3},"
                + "\"merges\":[]}}"));
  }

  private static String settings(boolean special, boolean normalized) {
    return "\"special\":%s,\"normalized\":%s,\"lstrip\":false,\"rstrip\":false,\"single_word\":false"
        .formatted(special, normalized);
  }

  private static String random(Random random, int length) {
    var text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append("abc<".charAt(random.nextInt(4)));
    }
    return text.toString();
  }

  @Test
  void findsTheLeftmostLongest() throws IOException {
    var random = new Random(3);
    Set<String> distinct = new LinkedHashSet<>();
    while (distinct.size() < 5000) {
      distinct.add(random(random, 2 + random.nextInt(10)));
    }
    List<String> tokens = new ArrayList<>(distinct);
    for (boolean normalized : new boolean[] {false, true}) {
      TokenCodec codec = open(tokens, settings(false, normalized));
      for (int i = 0; i < 200; i++) {
        String text = random(random, random.nextInt(60));
        assertThat(codec.encode(text, false, TokenCodec.NO_LIMIT))
            .as(text)
            .containsExactly(expected(text, tokens));
      }
    }
  }

  private static int[] expected(String text, List<String> tokens) {
    List<Integer> ids = new ArrayList<>();
    for (int at = 0; at < text.length(); ) {
      int found = -1;
      for (int i = 0; i < tokens.size(); i++) {
        if (text.startsWith(tokens.get(i), at)
            && (found < 0 || tokens.get(i).length() > tokens.get(found).length())) {
          found = i;
        }
      }
      ids.add(found < 0 ? "abc<".indexOf(text.charAt(at)) : 4 + found);
      at += found < 0 ? 1 : tokens.get(found).length();
    }
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  @Test
  void takesTokensThatShareTheirBeginnings() throws IOException {
    List<String> tokens = new ArrayList<>();
    for (int i = 1; i <= 64; i++) {
      tokens.add("<".repeat(i) + "a");
    }
    TokenCodec codec = open(tokens, settings(true, false));
    // 65 of them: the first one is text, as no token is as long.
    String text = "<".repeat(65) + "a";
    assertThat(codec.encode(text, true, TokenCodec.NO_LIMIT)).containsExactly(3, 4 + 63);
    assertThat(codec.encode(text, false, TokenCodec.NO_LIMIT)).hasSize(66);
    // A megabyte that nearly is a token everywhere.
    assertThat(codec.encode("<".repeat(1 << 20), true, TokenCodec.NO_LIMIT)).hasSize(1 << 20);
  }

  @Test
  void blanksThatManyTokensWantAreLookedAtOnce() throws IOException {
    TokenCodec codec =
        open(
            List.of(" ", "a"),
            "\"special\":true,\"normalized\":false,\"lstrip\":true,\"rstrip\":true,"
                + "\"single_word\":false");
    assertThat(codec.encode(" ".repeat(1 << 20), true, TokenCodec.NO_LIMIT)).hasSize(1 << 20);
    assertThat(codec.encode("b   a   b", true, TokenCodec.NO_LIMIT)).startsWith(1).endsWith(1);
  }

  @Test
  void idsFollowTheVocabulary() throws IOException {
    TokenCodec codec = open(List.of("a", "x", "", "y", "x"), settings(true, false));
    assertThat(codec.id("a")).hasValue(0);
    assertThat(codec.id("x")).hasValue(4);
    assertThat(codec.id("y")).hasValue(5);
    assertThat(codec.isSpecial(0)).isTrue();
    assertThat(codec.isSpecial(1)).isFalse();
    assertThat(codec.idBound()).isEqualTo(6);
    assertThat(TokenizerData.decode(codec, new int[] {0, 1, 4, 5}, true)).isEqualTo("b");
  }
}
