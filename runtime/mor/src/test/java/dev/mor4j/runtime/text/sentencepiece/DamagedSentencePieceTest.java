package dev.mor4j.runtime.text.sentencepiece;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TokenDecoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A damaged {@code tokenizer.model} is refused, or works; nothing else. */
class DamagedSentencePieceTest {
  private static final String TEXT = "The rabbit\u3000ran ﬁne: caf\u00e9 漢字 \ud83d\ude00  end ";

  @ParameterizedTest
  @ValueSource(strings = {"spm-bpe", "spm-bpe-nmt-nfkc", "spm-unigram", "spm-unigram-nodummy"})
  void changedBytesAreRefusedOrHarmless(String folder) throws IOException {
    byte[] model = TokenizerCases.model(folder);
    Random random = new Random(20_251);
    int refused = 0;
    int changes = 600;
    for (int i = 0; i < changes; i++) {
      byte[] changed = model.clone();
      // The beginning and the end have what the whole depends on.
      int part = random.nextInt(3);
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        int at =
            switch (part) {
              case 0 -> random.nextInt(200);
              case 1 -> changed.length - 1 - random.nextInt(400);
              default -> random.nextInt(changed.length);
            };
        changed[at] = (byte) random.nextInt(256);
      }
      refused += use(changed) ? 0 : 1;
    }
    assertThat(refused).isBetween(1, changes - 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"spm-bpe", "spm-unigram"})
  void cutFilesAreRefusedOrHarmless(String folder) throws IOException {
    byte[] model = TokenizerCases.model(folder);
    Random random = new Random(20_252);
    int refused = 0;
    for (int i = 0; i < 200; i++) {
      refused += use(Arrays.copyOf(model, random.nextInt(model.length))) ? 0 : 1;
    }
    assertThat(refused).isPositive();
  }

  @Test
  void whatIsNoModelIsRefused() {
    assertThatThrownBy(() -> SentencePieceFile.read(new byte[0]))
        .isInstanceOf(ModelFormatException.class);
    assertThatThrownBy(
            () -> SentencePieceFile.read("{\"model\": {}}".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(ModelFormatException.class);
  }

  /** Whether the model was taken; if so, it must encode and decode. */
  private static boolean use(byte[] model) throws IOException {
    TokenCodec codec;
    try {
      codec = SentencePieceFile.read(model);
    } catch (ModelFormatException e) {
      assertThat(e).hasMessageNotContaining("Exception");
      return false;
    }
    int[] ids = codec.encode(TEXT, true, TokenCodec.NO_LIMIT);
    StringBuilder out = new StringBuilder();
    TokenDecoder decoder = codec.decoder(false);
    for (int id : ids) {
      decoder.add(id, out);
    }
    for (int id = -1; id < 300; id++) {
      decoder.add(id, out);
    }
    decoder.finish(out);
    return true;
  }
}
