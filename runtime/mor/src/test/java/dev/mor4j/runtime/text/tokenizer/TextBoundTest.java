package dev.mor4j.runtime.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.text.codec.TokenCodec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts that are too long for so many tokens are refused unread, but none that fits. */
class TextBoundTest {
  @TempDir Path folder;

  private TokenCodec open(String name) throws Exception {
    TokenizerData.unpack(name, folder);
    return TokenizerFiles.open(folder);
  }

  private static List<String> names() throws Exception {
    // gpt-oss takes seconds to be opened, and is of the kind of made-bl-o200k.
    return TokenizerData.names().stream().filter(name -> !name.equals("gpt-oss")).toList();
  }

  /** Texts with as few tokens for their length as there can be. */
  private static List<String> denseTexts(TokenCodec codec) {
    List<String> tokens = new ArrayList<>();
    for (int id = 0; id < codec.idBound(); id++) {
      StringBuilder text = new StringBuilder();
      codec.token(id).ifPresent(tokens::add);
      var decoder = codec.decoder(false);
      decoder.add(id, text);
      decoder.finish(text);
      tokens.add(text.toString());
    }
    tokens.sort((a, b) -> b.length() - a.length());
    List<String> texts = new ArrayList<>();
    for (String token : tokens.subList(0, Math.min(25, tokens.size()))) {
      texts.add(token);
      texts.add(token.repeat(30));
    }
    // What normalizers make shorter, or nothing at all.
    for (String part :
        List.of(
            "\u212a",
            "\u1112\u1161\u11ab",
            "\u03b1\u0313\u0300\u0345",
            "\u1fef",
            "u\u0308\u0304",
            " ",
            "\n",
            "\t",
            "\0",
            "\u200b",
            "\u0301",
            "\ud83d\ude00",
            "\ufdfa",
            "x")) {
      texts.add(part.repeat(1000));
    }
    return texts;
  }

  @ParameterizedTest
  @MethodSource("names")
  void whatFitsIsTaken(String name) throws Exception {
    TokenCodec codec = open(name);
    for (String text : denseTexts(codec)) {
      int[] ids = codec.encode(text, true, TokenCodec.NO_LIMIT);
      assertThat(codec.encode(text, true, ids.length)).isEqualTo(ids);
    }
  }
}
