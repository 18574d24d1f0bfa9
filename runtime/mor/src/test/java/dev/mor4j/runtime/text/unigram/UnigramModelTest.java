package dev.mor4j.runtime.text.unigram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.text.vocabulary.TokenSink;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

class UnigramModelTest {
  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static int[] encode(UnigramModel model, String text) {
    byte[] bytes = bytes("<" + text + ">");
    TokenSink out = new TokenSink(Integer.MAX_VALUE);
    model.tokenize(bytes, 1, bytes.length - 1, out);
    return out.toArray();
  }

  private static UnigramModel model(List<String> tokens, double[] scores, int unknown, boolean bf) {
    return new UnigramModel(
        tokens.stream().map(UnigramModelTest::bytes).toArray(byte[][]::new), scores, unknown, bf);
  }

  @Test
  void takesTheBestWay() {
    // The example of the Hugging Face library's own documentation.
    UnigramModel model =
        model(
            List.of("<unk>", "a", "b", "c", "d", "cd", "ab", "abc", "abcd"),
            new double[] {0, 0, 0, 0, 0, 1, 2, 5, 10},
            0,
            false);
    assertThat(encode(model, "abcdacdxx")).containsExactly(8, 1, 5, 0);
    assertThat(encode(model, "")).isEmpty();
  }

  @Test
  void takesWhatAnOracleTakes() {
    Random random = new Random(20_255);
    String letters = "ab漢é😀";
    for (int round = 0; round < 200; round++) {
      List<String> tokens = new ArrayList<>(List.of("<unk>"));
      for (int i = 0; i < 20; i++) {
        String token = word(random, letters, 1 + random.nextInt(5));
        if (!tokens.contains(token)) {
          tokens.add(token);
        }
      }
      double[] scores = new double[tokens.size()];
      // Few values, so that sums are often equal.
      Arrays.setAll(scores, i -> -random.nextInt(4));
      UnigramModel model = model(tokens, scores, 0, false);
      for (int i = 0; i < 20; i++) {
        String text = word(random, letters, random.nextInt(300));
        assertThat(encode(model, text)).as(text).isEqualTo(oracle(tokens, scores, text));
      }
    }
  }

  private static String word(Random random, String letters, int length) {
    int[] characters = letters.codePoints().toArray();
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < length; i++) {
      word.appendCodePoint(characters[random.nextInt(characters.length)]);
    }
    return word.toString();
  }

  /** All tokens tried at all places, and the whole text remembered. */
  private static int[] oracle(List<String> tokens, double[] scores, String text) {
    double unknown = Arrays.stream(scores).min().orElseThrow() - 10;
    int length = text.length();
    double[] best = new double[length + 1];
    int[] starts = new int[length + 1];
    Arrays.fill(starts, -1);
    for (int start = 0; start < length; start += Character.charCount(text.codePointAt(start))) {
      int single = start + Character.charCount(text.codePointAt(start));
      for (int end = start + 1; end <= length; end++) {
        int id = tokens.indexOf(text.substring(start, end));
        double score = id >= 0 ? scores[id] : unknown;
        if ((id >= 0 || end == single) && (starts[end] < 0 || best[start] + score > best[end])) {
          best[end] = best[start] + score;
          starts[end] = start;
        }
      }
    }
    List<Integer> ids = new ArrayList<>();
    for (int end = length; end > 0; end = starts[end]) {
      int id = Math.max(tokens.indexOf(text.substring(starts[end], end)), 0);
      if (id > 0 || ids.isEmpty() || ids.getFirst() != 0) {
        ids.addFirst(id);
      }
    }
    return ids.stream().mapToInt(id -> id).toArray();
  }

  @Test
  void unknownCharactersAreTheirBytesWhereEachHasAToken() {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "a"));
    for (int value = 0; value < 256; value++) {
      tokens.add(String.format(Locale.ROOT, "<0x%02X>", value));
    }
    UnigramModel model = model(tokens, new double[tokens.size()], 0, true);
    assertThat(encode(model, "aé")).containsExactly(1, 2 + 0xC3, 2 + 0xA9);
    // One byte of the run is missing: the run is one unknown token.
    tokens.remove("<0xA9>");
    UnigramModel broken = model(tokens, new double[tokens.size()], 0, true);
    assertThat(encode(broken, "aéèa")).containsExactly(1, 0, 1);
  }

  @Test
  void withoutAnUnknownTokenTheCharacterIsNamed() {
    UnigramModel model = model(List.of("a"), new double[] {0}, UnigramModel.NO_UNKNOWN, false);
    assertThat(encode(model, "aa")).containsExactly(0, 0);
    assertThatThrownBy(() -> encode(model, "a漢"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("U+6F22");
  }

  @Test
  void ofEqualTokensTheLastCounts() {
    UnigramModel model = model(List.of("<unk>", "a", "a"), new double[] {0, -1, -2}, 0, false);
    assertThat(encode(model, "a")).containsExactly(2);
  }

  @Test
  void theTrieHasAllPiecesAndNoOther() {
    Random random = new Random(20_256);
    byte[][] pieces = new byte[5000][];
    int[] ids = new int[pieces.length];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = new byte[1 + random.nextInt(6)];
      random.nextBytes(pieces[i]);
      ids[i] = i;
    }
    // Long ones need no deep stack.
    pieces[0] = new byte[100_000];
    PieceTrie trie = new PieceTrie(pieces, ids);
    assertThat(trie.longest()).isEqualTo(100_000);
    for (byte[] piece : pieces) {
      int id = trie.find(piece, 0, piece.length);
      assertThat(pieces[id]).isEqualTo(piece);
      byte[] other = Arrays.copyOf(piece, piece.length + 1);
      other[piece.length] = (byte) random.nextInt(256);
      int longer = trie.find(other, 0, other.length);
      assertThat(longer == PieceTrie.NONE || Arrays.equals(pieces[longer], other)).isTrue();
      assertThat(trie.longestPrefix(other, 0, other.length)).isGreaterThanOrEqualTo(piece.length);
    }
  }
}
