package dev.mor4j.runtime.text.utf8;

/**
 * Bytes that arrive piece by piece to text: one U+FFFD for each maximal part that is not valid, as
 * WHATWG's Encoding standard and Rust's {@code from_utf8_lossy} have it, as soon as it cannot
 * become valid. One thread.
 *
 * <p>Source: The Unicode Standard 16.0, section 3.9, table 3-7, and "U+FFFD Substitution of Maximal
 * Subparts".
 */
public final class LossyDecoder {
  private int codePoint;
  private int needed;
  private int lower = 0x80;
  private int upper = 0xBF;

  /** Takes {@code bytes[from, to)} and appends what is certain. */
  public void add(byte[] bytes, int from, int to, StringBuilder out) {
    for (int i = from; i < to; i++) {
      add(bytes[i] & 0xFF, out);
    }
  }

  /** Takes a byte and appends what is certain. */
  public void add(int b, StringBuilder out) {
    if (needed > 0) {
      if (b >= lower && b <= upper) {
        codePoint = codePoint << 6 | (b & 0x3F);
        lower = 0x80;
        upper = 0xBF;
        if (--needed == 0) {
          out.appendCodePoint(codePoint);
        }
        return;
      }
      finish(out);
    }
    if (b < 0x80) {
      out.append((char) b);
    } else if (b >= 0xC2 && b <= 0xDF) {
      begin(b & 0x1F, 1, 0x80, 0xBF);
    } else if (b >= 0xE0 && b <= 0xEF) {
      begin(b & 0x0F, 2, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF);
    } else if (b >= 0xF0 && b <= 0xF4) {
      begin(b & 0x07, 3, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF);
    } else {
      out.append('\uFFFD');
    }
  }

  /** Ends the text: appends U+FFFD where a character is not complete. */
  public void finish(StringBuilder out) {
    if (needed > 0) {
      out.append('\uFFFD');
      needed = 0;
    }
  }

  /** Whether {@code b} may come next in valid UTF-8. */
  public boolean accepts(int b) {
    return needed > 0 ? b >= lower && b <= upper : b < 0x80 || (b >= 0xC2 && b <= 0xF4);
  }

  /** Whether the bytes so far end inside a character. */
  public boolean isInside() {
    return needed > 0;
  }

  private void begin(int bits, int more, int from, int to) {
    codePoint = bits;
    needed = more;
    lower = from;
    upper = to;
  }
}
