package dev.mor4j.runtime.text.utf8;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** UTF-8 that grows at its end. One thread. */
public final class ByteText {
  private byte[] bytes;
  private int size;

  /**
   * @param capacity bytes expected
   */
  public ByteText(int capacity) {
    bytes = new byte[Math.max(16, capacity)];
  }

  /** The bytes so far are in {@code array()[0, size())}. The array changes as the text grows. */
  public byte[] array() {
    return bytes;
  }

  /** Bytes so far. */
  public int size() {
    return size;
  }

  /** A copy of the bytes so far. */
  public byte[] toArray() {
    return Arrays.copyOf(bytes, size);
  }

  /** Forgets everything. */
  public void clear() {
    size = 0;
  }

  /** Appends a byte. */
  public void add(int b) {
    ensure(1);
    bytes[size++] = (byte) b;
  }

  /** Appends {@code text[from, to)}. */
  public void add(byte[] text, int from, int to) {
    ensure(to - from);
    System.arraycopy(text, from, bytes, size, to - from);
    size += to - from;
  }

  /** Appends {@code text}. */
  public void add(byte[] text) {
    add(text, 0, text.length);
  }

  /** Appends a code point. */
  public void addCodePoint(int codePoint) {
    ensure(4);
    size += put(codePoint, bytes, size);
  }

  /** Appends characters; a surrogate that stands alone becomes U+FFFD. */
  public void add(char[] characters, int from, int to) {
    ensure(Math.multiplyExact(3, to - from));
    for (int i = from; i < to; i++) {
      char c = characters[i];
      if (c < 0x80) {
        bytes[size++] = (byte) c;
      } else if (!Character.isSurrogate(c)) {
        size += put(c, bytes, size);
      } else if (Character.isHighSurrogate(c)
          && i + 1 < to
          && Character.isLowSurrogate(characters[i + 1])) {
        size += put(Character.toCodePoint(c, characters[++i]), bytes, size);
      } else {
        size += put(0xFFFD, bytes, size);
      }
    }
  }

  @Override
  public String toString() {
    return new String(bytes, 0, size, StandardCharsets.UTF_8);
  }

  private static int put(int codePoint, byte[] out, int at) {
    if (codePoint < 0x80) {
      out[at] = (byte) codePoint;
      return 1;
    }
    if (codePoint < 0x800) {
      out[at] = (byte) (0xC0 | codePoint >> 6);
      out[at + 1] = (byte) (0x80 | (codePoint & 0x3F));
      return 2;
    }
    if (codePoint < 0x10000) {
      out[at] = (byte) (0xE0 | codePoint >> 12);
      out[at + 1] = (byte) (0x80 | (codePoint >> 6 & 0x3F));
      out[at + 2] = (byte) (0x80 | (codePoint & 0x3F));
      return 3;
    }
    out[at] = (byte) (0xF0 | codePoint >> 18);
    out[at + 1] = (byte) (0x80 | (codePoint >> 12 & 0x3F));
    out[at + 2] = (byte) (0x80 | (codePoint >> 6 & 0x3F));
    out[at + 3] = (byte) (0x80 | (codePoint & 0x3F));
    return 4;
  }

  private void ensure(int more) {
    int needed = Math.addExact(size, more);
    if (needed > bytes.length) {
      bytes =
          Arrays.copyOf(bytes, Math.max(needed, (int) Math.min(bytes.length * 3L / 2, 1 << 30)));
    }
  }
}
