package dev.mor4j.runtime.text.tokenizer;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Scratch;
import dev.mor4j.fuzz.Seeds;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code vocab.json} and {@code merges.txt}: the input has both, with a zero byte between them. */
class Gpt2FilesFuzzTest {
  private static final Scratch SCRATCH = new Scratch();

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    int end = 0;
    while (end < input.length && input[end] != 0) {
      end++;
    }
    Path vocabulary = SCRATCH.write("vocab.json", Arrays.copyOf(input, end));
    int begin = Math.min(end + 1, input.length);
    SCRATCH.write("merges.txt", Arrays.copyOfRange(input, begin, input.length));
    SCRATCH.open(vocabulary, file -> Codecs.use(TokenizerFiles.open(file)));
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    return Seeds.texts(
        "{\"a\":0,\"b\":1,\"ab\":2,\"\u0120\":3,\"<|endoftext|>\":4}\0#version: 0.2\na b\n",
        "{\"a\":0,\"b\":1,\"c\":2,\"ab\":3,\"abc\":4}\0a b\r\nab c\r\n");
  }
}
