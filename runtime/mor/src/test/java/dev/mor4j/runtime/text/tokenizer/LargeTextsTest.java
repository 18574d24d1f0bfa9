package dev.mor4j.runtime.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.text.codec.TokenCodec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Long texts of the kinds that take some tokenizers very long come back as they were; so do texts
 * that many threads encode at once.
 */
class LargeTextsTest {
  private static final int LENGTH = 1 << 18;
  private static final List<String> REPEATED =
      List.of(
          "a",
          "<",
          "<|endoftex",
          "<|endoftext|>",
          " ",
          "\n",
          " a",
          "'s",
          "1",
          "\u0000",
          "\u0301\u0323",
          "\uD83D\uDE00",
          "\u6F22",
          "\u2581",
          "\uDBFF\uDFFD",
          "\uFFFD");

  @TempDir private Path folder;

  private TokenCodec open(String name) throws IOException {
    TokenizerData.unpack(name, folder);
    return TokenizerFiles.open(folder);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"made-bl-gpt2", "made-bl-noregex", "made-bl-llama3", "made-bf-metaspace-never"})
  void comeBack(String name) throws IOException {
    TokenCodec codec = open(name);
    List<String> texts = new ArrayList<>();
    for (String part : REPEATED) {
      texts.add(part.repeat(LENGTH / part.length()));
    }
    var random = new Random(5);
    var letters = new StringBuilder();
    var ideographs = new StringBuilder();
    for (int i = 0; i < LENGTH; i++) {
      letters.append((char) ('a' + random.nextInt(26)));
      ideographs.append((char) (0x4E00 + random.nextInt(0x5000)));
    }
    texts.add(letters.toString());
    texts.add(ideographs.toString());
    for (String text : texts) {
      int[] ids = codec.encode(text, false, TokenCodec.NO_LIMIT);
      // Metaspace makes its own character and spaces the same.
      String expected = name.contains("metaspace") ? text.replace('\u2581', ' ') : text;
      assertThat(TokenizerData.decode(codec, ids, false).equals(expected))
          .as(LibraryTokenizer.escaped(text.substring(0, 4)))
          .isTrue();
    }
  }

  @Test
  void manyThreadsAtOnce() throws Exception {
    TokenCodec codec = open("made-norm-chain");
    var random = new RandomTexts(17, List.of());
    List<String> texts = new ArrayList<>();
    List<int[]> expected = new ArrayList<>();
    TokenCodec other = TokenizerFiles.open(folder);
    for (int i = 0; i < 300; i++) {
      texts.add(random.next());
      expected.add(other.encode(texts.getLast(), false, TokenCodec.NO_LIMIT));
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<int[]>>> results = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        results.add(
            threads.submit(
                () ->
                    texts.stream()
                        .map(text -> codec.encode(text, false, TokenCodec.NO_LIMIT))
                        .toList()));
      }
      for (Future<List<int[]>> result : results) {
        assertThat(result.get().toArray(int[][]::new))
            .isDeepEqualTo(expected.toArray(int[][]::new));
      }
    }
  }
}
