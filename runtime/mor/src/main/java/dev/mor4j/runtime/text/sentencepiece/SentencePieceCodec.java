package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TokenDecoder;
import dev.mor4j.runtime.text.unigram.PieceSink;
import dev.mor4j.runtime.text.unigram.PieceTrie;
import dev.mor4j.runtime.text.utf8.Utf8;
import dev.mor4j.runtime.text.vocabulary.TokenSink;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A SentencePiece model. The file says nothing of tokens around a text, so there are none. Control
 * pieces stand for no text, whether special tokens are skipped or not; the unknown piece does.
 */
final class SentencePieceCodec implements TokenCodec {
  private final PieceTable pieces;
  private final TextSettings settings;
  private final String unknownText;
  private final TextNormalizer normalizer;
  private final Segmenter segmenter;
  private final PieceTrie special;

  /**
   * @param unknownText what the unknown piece is decoded to
   */
  SentencePieceCodec(
      PieceTable pieces, TextSettings settings, String unknownText, Segmenter segmenter) {
    this.pieces = pieces;
    this.settings = settings;
    this.unknownText = unknownText;
    this.segmenter = segmenter;
    normalizer = new TextNormalizer(settings, pieces.userDefined());
    special = pieces.special();
  }

  /**
   * {@inheritDoc}
   *
   * <p>With {@code parseSpecial} what stands between two special tokens is a text of its own, which
   * gets its own blank in front.
   */
  @Override
  public int[] encode(String text, boolean parseSpecial, int maxTokens) {
    TokenSink out = new TokenSink(maxTokens);
    byte[] bytes = Utf8.encode(text);
    int from = 0;
    if (parseSpecial) {
      for (int i = 0; i < bytes.length; ) {
        int length = special.longestPrefix(bytes, i, bytes.length);
        if (length == 0) {
          i += Utf8.length(bytes[i]);
          continue;
        }
        encode(bytes, from, i, out);
        from = i + length;
        out.add(special.find(bytes, i, from));
        i = from;
      }
    }
    encode(bytes, from, bytes.length, out);
    return out.toArray();
  }

  private void encode(byte[] text, int from, int to, TokenSink out) {
    if (from < to) {
      GrowingBytes normalized = normalizer.normalize(text, from, to);
      byte[] bytes = normalized.array();
      segmenter.segment(bytes, 0, normalized.size(), new Pieces(bytes, out));
    }
  }

  @Override
  public int[] beginIds() {
    return new int[0];
  }

  @Override
  public int[] endIds() {
    return new int[0];
  }

  @Override
  public TokenDecoder decoder(boolean skipSpecial) {
    return new SentencePieceDecoder(pieces, settings, unknownText);
  }

  @Override
  public int idBound() {
    return pieces.size();
  }

  @Override
  public OptionalInt id(String token) {
    byte[] bytes = Utf8.encode(token);
    int id = pieces.id(bytes, 0, bytes.length);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public Optional<String> token(int id) {
    return id < 0 || id >= pieces.size()
        ? Optional.empty()
        : Optional.of(new String(pieces.piece(id), StandardCharsets.UTF_8));
  }

  @Override
  public boolean isSpecial(int id) {
    return id >= 0 && id < pieces.size() && pieces.type(id) == PieceType.CONTROL;
  }

  /** Writes what no piece stands for as its bytes, or a run of it as one unknown piece. */
  private final class Pieces implements PieceSink {
    private final byte[] text;
    private final TokenSink out;
    private boolean afterUnknown;

    Pieces(byte[] text, TokenSink out) {
      this.text = text;
      this.out = out;
    }

    @Override
    public void piece(int id, int from, int to) {
      boolean unknown = id == UNKNOWN || id == pieces.unknown();
      if (!unknown) {
        out.add(id);
      } else if (pieces.hasByteFallback()) {
        for (int i = from; i < to; i++) {
          out.add(pieces.bytePiece(text[i]));
        }
      } else if (!afterUnknown) {
        out.add(pieces.unknown());
      }
      afterUnknown = unknown;
    }
  }
}
