package dev.mor4j.runtime.text.sentencepiece;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TokenDecoder;
import dev.mor4j.runtime.text.codec.TooManyTokensException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the handed cases do not show. */
class SentencePieceRulesTest {
  private static final int NO_LIMIT = TokenCodec.NO_LIMIT;

  @ParameterizedTest
  @ValueSource(strings = {"spm-bpe", "spm-unigram-nodummy", "mistral-v3"})
  void piecesOfStreamsAreWholeCharactersAndComeAtOnce(String folder) throws IOException {
    TokenCodec codec = SentencePieceFile.read(TokenizerCases.model(folder));
    Random random = new Random(20_253);
    for (int i = 0; i < 300; i++) {
      TokenDecoder decoder = codec.decoder(random.nextBoolean());
      StringBuilder joined = new StringBuilder();
      StringBuilder piece = new StringBuilder();
      List<Integer> ids = new ArrayList<>();
      for (int n = random.nextInt(60); n >= 0; n--) {
        // Byte pieces have small ids: half of what comes are bytes.
        int id = random.nextInt(random.nextBoolean() ? 1050 : codec.idBound());
        ids.add(id);
        piece.setLength(0);
        decoder.add(id, piece);
        if (piece.length() > 0) {
          assertThat(Character.isHighSurrogate(piece.charAt(piece.length() - 1))).isFalse();
          assertThat(Character.isLowSurrogate(piece.charAt(0))).isFalse();
        }
        joined.append(piece);
      }
      decoder.finish(joined);
      assertThat(joined.toString()).as(ids.toString()).isEqualTo(inOnePiece(codec, ids));
    }
  }

  private static String inOnePiece(TokenCodec codec, List<Integer> ids) {
    StringBuilder out = new StringBuilder();
    TokenDecoder decoder = codec.decoder(false);
    // An id that no piece has is left out wherever it stands.
    decoder.add(-1, out);
    for (int id : ids) {
      decoder.add(id, out);
      decoder.add(codec.idBound(), out);
    }
    decoder.finish(out);
    return out.toString();
  }

  @Test
  void bytesThatCannotBecomeACharacterComeAtOnce() throws IOException {
    TokenCodec codec = SentencePieceFile.read(TokenizerCases.model("spm-bpe"));
    TokenDecoder decoder = codec.decoder(false);
    StringBuilder out = new StringBuilder();
    int zero = codec.id("<0x00>").orElseThrow();
    decoder.add(zero + 0xE6, out);
    decoder.add(zero + 0xBC, out);
    assertThat(out).isEmpty();
    decoder.add(zero + 0xA2, out);
    assertThat(out).hasToString("漢");
    decoder.add(zero + 0xE0, out);
    assertThat(out).hasToString("漢");
    // E0 80 is no beginning of a character, and 80 alone neither.
    decoder.add(zero + 0x80, out);
    assertThat(out).hasToString("漢\uFFFD\uFFFD");
    decoder.add(zero + 0xF4, out);
    decoder.add(zero + 0x41, out);
    assertThat(out).hasToString("漢\uFFFD\uFFFD\uFFFDA");
  }

  @Test
  void controlPiecesInATextAreTextUnlessTheCallerSaysOtherwise() throws IOException {
    TokenCodec codec = SentencePieceFile.read(TokenizerCases.model("mistral-v3"));
    int[] plain = codec.encode("<s>Hi", false, NO_LIMIT);
    assertThat(plain).doesNotContain(1);
    int[] special = codec.encode("<s>Hi</s>", true, NO_LIMIT);
    int[] between = codec.encode("Hi", false, NO_LIMIT);
    assertThat(special).startsWith(1).endsWith(2).containsSequence(between);
    assertThat(special).hasSize(between.length + 2);
    assertThat(codec.isSpecial(1)).isTrue();
    assertThat(codec.isSpecial(0)).isFalse();
    assertThat(codec.beginIds()).isEmpty();
    assertThat(codec.endIds()).isEmpty();
  }

  @Test
  void aLoneSurrogateIsTheReplacementCharacter() throws IOException {
    TokenCodec codec = SentencePieceFile.read(TokenizerCases.model("spm-bpe"));
    assertThat(codec.encode("a\uD83D b\uDE00", false, NO_LIMIT))
        .isEqualTo(codec.encode("a\uFFFD b\uFFFD", false, NO_LIMIT));
  }

  @Test
  void encodingStopsAtTheLimit() throws IOException {
    TokenCodec codec = SentencePieceFile.read(TokenizerCases.model("spm-bpe"));
    int count = codec.encode("the rabbit", false, NO_LIMIT).length;
    assertThat(codec.encode("the rabbit", false, count)).hasSize(count);
    assertThatThrownBy(() -> codec.encode("the rabbit", false, count - 1))
        .isInstanceOf(TooManyTokensException.class);
  }

  @Test
  void aLongWordIsCutAsItIsInOnePiece() throws IOException {
    // Scores grow with the length in one half of the pieces, and shrink in the other.
    Random random = new Random(20_254);
    for (int round = 0; round < 20; round++) {
      ModelBytes model = new ModelBytes(ModelKind.BPE).plain();
      List<String> pieces = new ArrayList<>(List.of("a", "b", "c"));
      for (int i = 0; i < 40; i++) {
        String piece =
            pieces.get(random.nextInt(pieces.size())) + pieces.get(random.nextInt(pieces.size()));
        if (piece.length() <= 24 && !pieces.contains(piece)) {
          pieces.add(piece);
        }
      }
      for (String piece : pieces) {
        model.piece(piece, -random.nextInt(30), PieceType.NORMAL);
      }
      TokenCodec windows = SentencePieceFile.read(model.build());
      // An unused piece makes the whole text one search.
      TokenCodec whole = SentencePieceFile.read(model.piece("zz", 0, PieceType.UNUSED).build());
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 30_000; i++) {
        text.append((char) ('a' + random.nextInt(round % 3 + 1)));
      }
      assertThat(windows.encode(text.toString(), false, NO_LIMIT))
          .isEqualTo(whole.encode(text.toString(), false, NO_LIMIT));
    }
  }

  @Test
  void aMegabyteOfAnyKindIsEncoded() throws IOException {
    for (String folder : List.of("spm-bpe", "spm-unigram", "mistral-v3")) {
      TokenCodec codec = SentencePieceFile.read(TokenizerCases.model(folder));
      for (String part :
          List.of("a", " ", "\u2581", "😀", "漢", "\uFDFA", "\uD800", "\u0300", "ab")) {
        String text = part.repeat((1 << 20) / part.length());
        String decoded = inOnePiece(codec, toList(codec.encode(text, false, NO_LIMIT)));
        assertThat(decoded.length()).as(folder + part).isLessThanOrEqualTo(18 * text.length());
      }
    }
  }

  private static List<Integer> toList(int[] ids) {
    List<Integer> list = new ArrayList<>(ids.length);
    for (int id : ids) {
      list.add(id);
    }
    return list;
  }

  @Test
  void mapsThatLeadInACircleOrOutsideAreRefused() {
    // Behind 'a' comes 'a', and that is the same unit again.
    int[] units = new int[256];
    units['a'] = 'a' | 'a' << 10;
    assertThatThrownBy(() -> CharacterMap.of(map(units, "x\0")))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("circle");
    int[] outside = new int[256];
    outside[0] = 1 << 10;
    // Child 'a' of the root; its value would be in a unit that is not there.
    outside[1 ^ 'a'] = 'a' | 1 << 8 | 4 << 18;
    assertThatThrownBy(() -> CharacterMap.of(map(outside, "x\0")))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("value");
    assertThatThrownBy(() -> CharacterMap.of(new byte[] {8, 0, 0, 0, 1}))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("expected a multiple of 4");
  }

  private static byte[] map(int[] units, String replacements) {
    ByteBuffer buffer =
        ByteBuffer.allocate(4 + 4 * units.length + replacements.length())
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(4 * units.length);
    for (int unit : units) {
      buffer.putInt(unit);
    }
    buffer.put(replacements.getBytes(StandardCharsets.US_ASCII));
    return buffer.array();
  }

  @Test
  void whatIsNotSupportedIsNamed() {
    assertThatThrownBy(
            () ->
                SentencePieceFile.read(
                    new ModelBytes(ModelKind.BPE).denormalizer(new byte[] {1}).build()))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("denormalizer_spec");
    ModelBytes twice =
        new ModelBytes(ModelKind.UNIGRAM)
            .piece("a", -1, PieceType.NORMAL)
            .piece("a", -2, PieceType.NORMAL);
    assertThatThrownBy(() -> SentencePieceFile.read(twice.build()))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("are both 'a'");
  }
}
