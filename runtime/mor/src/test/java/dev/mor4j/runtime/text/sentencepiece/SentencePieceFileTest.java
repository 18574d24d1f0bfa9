package dev.mor4j.runtime.text.sentencepiece;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TokenDecoder;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ids and texts are SentencePiece's. */
class SentencePieceFileTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"spm-bpe", "spm-bpe-nmt-nfkc", "spm-unigram", "spm-unigram-nodummy", "mistral-v3"})
  void encodesAndDecodesAsSentencePiece(String folder) throws IOException {
    TokenCodec codec = SentencePieceFile.read(TokenizerCases.model(folder));
    String prefix = folder.equals("mistral-v3") ? "spm-" : "";
    List<JsonNode> texts = TokenizerCases.lines(folder, prefix + "cases.jsonl.gz");
    assertThat(texts).hasSizeGreaterThanOrEqualTo(480);
    for (JsonNode line : texts) {
      String text = line.get("text").textValue();
      int[] ids = codec.encode(text, false, TokenCodec.NO_LIMIT);
      assertThat(ids).as(text).isEqualTo(TokenizerCases.ids(line));
      assertThat(decode(codec, ids)).as(text).isEqualTo(line.get("decoded").textValue());
    }
    List<JsonNode> sequences = TokenizerCases.lines(folder, prefix + "decode.jsonl.gz");
    assertThat(sequences).hasSizeGreaterThanOrEqualTo(100);
    for (JsonNode line : sequences) {
      int[] ids = TokenizerCases.ids(line);
      assertThat(decode(codec, ids)).as(line.toString()).isEqualTo(line.get("decoded").textValue());
    }
  }

  private static String decode(TokenCodec codec, int[] ids) {
    StringBuilder out = new StringBuilder();
    TokenDecoder decoder = codec.decoder(false);
    for (int id : ids) {
      decoder.add(id, out);
    }
    decoder.finish(out);
    return out.toString();
  }
}
