package dev.mor4j.runtime.text.utf8;

import java.util.Arrays;

/**
 * GPT-2's alphabet: a printable letter for each of the 256 bytes, so that a vocabulary of bytes can
 * be written as text. Printable characters of Latin-1 stand for themselves, the other 68 bytes are
 * U+0100 and on.
 */
public final class ByteAlphabet {
  private static final char[] LETTERS = new char[256];
  private static final short[] BYTES = new short[0x180];

  static {
    Arrays.fill(BYTES, (short) -1);
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      LETTERS[b] = (char) (printable ? b : next++);
      BYTES[LETTERS[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /** The letter of a byte. */
  public static char letter(int b) {
    return LETTERS[b & 0xFF];
  }

  /** The byte of a letter, or -1 where the alphabet has no such letter. */
  public static int byteOf(int letter) {
    return letter < BYTES.length ? BYTES[letter] : -1;
  }

  /** The bytes that a text of letters stands for, or null where a character is not a letter. */
  public static byte[] bytesOf(String letters) {
    byte[] bytes = new byte[letters.length()];
    for (int i = 0; i < bytes.length; i++) {
      int b = byteOf(letters.charAt(i));
      if (b < 0) {
        return null;
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }

  /** Appends the letters of {@code text[from, to)} in UTF-8. */
  public static void write(byte[] text, int from, int to, ByteText out) {
    for (int i = from; i < to; i++) {
      out.addCodePoint(letter(text[i]));
    }
  }

  /**
   * Appends the bytes that the letters {@code text[from, to)}, in UTF-8, stand for.
   *
   * @return false where a character is not a letter; then nothing was appended
   */
  public static boolean undo(byte[] text, int from, int to, ByteText out) {
    for (int i = from; i < to; i += Utf8.length(text[i])) {
      if (byteOf(Utf8.codePointAt(text, i)) < 0) {
        return false;
      }
    }
    for (int i = from; i < to; i += Utf8.length(text[i])) {
      out.add(byteOf(Utf8.codePointAt(text, i)));
    }
    return true;
  }
}
