package dev.mor4j.runtime.text.tokenizer;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Seeds;
import dev.mor4j.runtime.text.codec.TokenCodec;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Texts: a tokenizer over bytes gives every one back, and parts of a text have no more tokens to
 * decode than the whole.
 */
class TextFuzzTest {
  private static final List<TokenCodec> CODECS =
      List.of(
          Codecs.golden("made-bl-gpt2"),
          Codecs.golden("made-bl-llama3"),
          Codecs.golden("made-bl-o200k"));

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    String text = new String(input, StandardCharsets.UTF_8);
    for (TokenCodec codec : CODECS) {
      String back = Codecs.decoded(codec, codec.encode(text, false, TokenCodec.NO_LIMIT));
      if (!back.equals(text)) {
        throw new AssertionError("encoded " + text + ", decoded " + back);
      }
    }
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    return Seeds.texts(
        "Hello, world! It's 1,234.5 in 2024.\n\n  Tabs\tand \u00e9\u4e2d\ud83d\ude00<|endoftext|>",
        "<s>[INST] don't DON'T \r\n \u0300e\u0301 \u200d\ufeff</s>");
  }
}
