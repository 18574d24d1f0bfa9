package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.text.codec.TokenDecoder;
import dev.mor4j.runtime.text.utf8.Utf8;

/**
 * Decodes as SentencePiece does. Byte pieces that are no character become U+FFFD, one for each, as
 * soon as it is certain.
 */
final class SentencePieceDecoder implements TokenDecoder {
  private static final String BLANK = "\u2581";

  private final PieceTable pieces;
  private final TextSettings settings;
  private final String unknownText;
  // The beginning of a character, in byte pieces: less than it needs.
  private final byte[] pending = new byte[4];
  private int pendingSize;
  // Whether the blank in front of the text may still come, was there, and whether there is text.
  private boolean atBegin = true;
  private boolean blankSeen;
  private boolean hasText;

  SentencePieceDecoder(PieceTable pieces, TextSettings settings, String unknownText) {
    this.pieces = pieces;
    this.settings = settings;
    this.unknownText = unknownText;
  }

  @Override
  public void add(int id, StringBuilder out) {
    if (id < 0 || id >= pieces.size()) {
      return;
    }
    PieceType type = pieces.type(id);
    if (type == PieceType.BYTE) {
      pending[pendingSize++] = pieces.byteOf(id);
      settle(out);
      return;
    }
    finish(out);
    if (blankSeen || hasText) {
      atBegin = false;
    }
    int before = out.length();
    blankSeen = false;
    switch (type) {
      case CONTROL -> {}
      case UNKNOWN -> out.append(unknownText);
      default -> addText(pieces.name(id), out);
    }
    hasText |= out.length() > before;
  }

  private void addText(String piece, StringBuilder out) {
    String rest = piece;
    if (atBegin && (settings.dummyPrefix() || settings.fewBlanks()) && piece.startsWith(BLANK)) {
      rest = piece.substring(1);
      // Where repeated blanks are removed, the next piece loses its blank, too.
      blankSeen = !settings.fewBlanks();
    }
    out.append(rest.replace(BLANK, " "));
  }

  @Override
  public void finish(StringBuilder out) {
    while (pendingSize > 0) {
      replaceFirst(out);
    }
  }

  /** Writes characters that are complete, and what cannot become one any more. */
  private void settle(StringBuilder out) {
    while (pendingSize > 0) {
      int first = pending[0] & 0xFF;
      if (!mayBegin()) {
        replaceFirst(out);
        continue;
      }
      if (pendingSize < Utf8.length((byte) first)) {
        return;
      }
      out.appendCodePoint(Utf8.codePointAt(pending, 0));
      hasText = true;
      pendingSize = 0;
    }
  }

  /** Whether the pending bytes are a character, or the beginning of one. */
  private boolean mayBegin() {
    int first = pending[0] & 0xFF;
    if (first < 0x80) {
      return true;
    }
    if (first < 0xC2 || first > 0xF4) {
      return false;
    }
    for (int i = 1; i < pendingSize; i++) {
      int next = pending[i] & 0xFF;
      int least = i > 1 ? 0x80 : first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
      int most = i > 1 ? 0xBF : first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
      if (next < least || next > most) {
        return false;
      }
    }
    return true;
  }

  private void replaceFirst(StringBuilder out) {
    out.append('\uFFFD');
    hasText = true;
    pendingSize--;
    System.arraycopy(pending, 1, pending, 0, pendingSize);
  }
}
