package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.unigram.PieceTrie;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The pieces of a model, by id. Immutable; any thread. */
final class PieceTable {
  private final byte[][] pieces;
  private final float[] scores;
  private final PieceType[] types;
  private final int unknown;
  private final PieceTrie text;
  private final PieceTrie reserved;
  private final PieceTrie userDefined;
  // Ids by byte; null without byte fallback.
  private final int[] bytes;

  /** Takes over the lists' arrays; checks what SentencePiece checks when it opens a file. */
  PieceTable(byte[][] pieces, float[] scores, PieceType[] types, boolean byteFallback)
      throws ModelFormatException {
    this.pieces = pieces;
    this.scores = scores;
    this.types = types;
    text = trie(true);
    reserved = trie(false);
    userDefined = trie(PieceType.USER_DEFINED);
    int found = -1;
    for (int id = 0; id < pieces.length; id++) {
      byte[] piece = pieces[id];
      int first = (types[id].isText() ? text : reserved).find(piece, 0, piece.length);
      if (first != id) {
        throw twice(id, first);
      }
      if (types[id] == PieceType.UNKNOWN) {
        if (found >= 0) {
          throw new ModelFormatException(
              "pieces " + found + " and " + id + " are both of type UNKNOWN, expected one");
        }
        found = id;
      }
    }
    if (found < 0) {
      throw new ModelFormatException("no piece is of type UNKNOWN, expected one");
    }
    unknown = found;
    bytes = bytePieces(byteFallback);
  }

  private ModelFormatException twice(int id, int other) {
    return new ModelFormatException(
        "pieces " + id + " and " + other + " are both '" + name(id) + "', expected one of them");
  }

  /**
   * Checks that no piece that text is made of has the name of another one. Byte pair encoding does
   * not allow it; in other models the name is meant where the whole of it is looked up.
   */
  void requireDistinct() throws ModelFormatException {
    for (int id = 0; id < pieces.length; id++) {
      int other = text.find(pieces[id], 0, pieces[id].length);
      if (!types[id].isText() && other >= 0) {
        throw twice(id, other);
      }
    }
  }

  private PieceTrie trie(boolean isText) {
    return trie(Arrays.stream(PieceType.values()).filter(type -> type.isText() == isText).toList());
  }

  private PieceTrie trie(PieceType type) {
    return trie(List.of(type));
  }

  private PieceTrie trie(List<PieceType> wanted) {
    List<byte[]> chosen = new ArrayList<>();
    int[] ids = new int[pieces.length];
    for (int id = 0; id < pieces.length; id++) {
      if (wanted.contains(types[id])) {
        ids[chosen.size()] = id;
        chosen.add(pieces[id]);
      }
    }
    return new PieceTrie(chosen.toArray(byte[][]::new), ids);
  }

  private int[] bytePieces(boolean byteFallback) throws ModelFormatException {
    int[] ids = new int[256];
    int count = 0;
    for (int value = 0; value < 256; value++) {
      byte[] piece = byteName(value);
      int id = reserved.find(piece, 0, piece.length);
      ids[value] = id;
      if (id >= 0 && types[id] == PieceType.BYTE) {
        count++;
      } else if (byteFallback) {
        throw new ModelFormatException(
            "byte_fallback is true, but no piece of type BYTE is "
                + new String(piece, StandardCharsets.US_ASCII));
      }
    }
    for (int id = 0; id < pieces.length; id++) {
      if (types[id] == PieceType.BYTE) {
        if (!byteFallback) {
          throw new ModelFormatException(
              "piece " + id + " is of type BYTE, but byte_fallback is false");
        }
        count--;
      }
    }
    if (byteFallback && count != 0) {
      throw new ModelFormatException(
          "there are " + (256 - count) + " pieces of type BYTE, expected <0x00> to <0xFF>");
    }
    return byteFallback ? ids : null;
  }

  /** The name of the piece that stands for a byte. */
  private static byte[] byteName(int value) {
    return String.format(Locale.ROOT, "<0x%02X>", value).getBytes(StandardCharsets.US_ASCII);
  }

  int size() {
    return pieces.length;
  }

  /** The piece; not to be changed. */
  byte[] piece(int id) {
    return pieces[id];
  }

  /** The piece as text. */
  String name(int id) {
    return new String(pieces[id], StandardCharsets.UTF_8);
  }

  float score(int id) {
    return scores[id];
  }

  PieceType type(int id) {
    return types[id];
  }

  /** Id of the unknown piece. */
  int unknown() {
    return unknown;
  }

  /** Id of the piece for a byte, or -1 without byte fallback. */
  int bytePiece(byte value) {
    return bytes == null ? -1 : bytes[value & 0xFF];
  }

  /** Byte that a piece of type BYTE stands for. */
  byte byteOf(int id) {
    return (byte) Integer.parseInt(new String(pieces[id], 3, 2, StandardCharsets.US_ASCII), 16);
  }

  boolean hasByteFallback() {
    return bytes != null;
  }

  /** The pieces that text is made of. */
  PieceTrie text() {
    return text;
  }

  PieceTrie userDefined() {
    return userDefined;
  }

  /** The pieces that become ids only where the caller says so. */
  PieceTrie special() {
    return trie(List.of(PieceType.CONTROL, PieceType.UNKNOWN));
  }

  /** The id of the piece that is {@code from[begin, end)}, or -1. Names come first. */
  int id(byte[] from, int begin, int end) {
    int id = reserved.find(from, begin, end);
    return id >= 0 ? id : text.find(from, begin, end);
  }

  boolean hasUnused() {
    return Arrays.asList(types).contains(PieceType.UNUSED);
  }
}
