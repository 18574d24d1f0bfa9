package dev.mor4j.runtime.text.tokenizer.normal;

import dev.mor4j.runtime.text.utf8.ByteText;
import dev.mor4j.runtime.text.utf8.Utf8;
import java.util.function.UnaryOperator;

/**
 * A piece of text in UTF-8. A view: the array is not copied. Immutable, as long as nobody writes
 * into the array.
 */
public final class NormalizedText {
  private final byte[] bytes;
  private final int from;
  private final int to;
  private final int startEnd;

  /**
   * The text {@code bytes[from, to)}.
   *
   * @param startEnd where that ends which stands for the first character of the whole text: a piece
   *     that begins before it is at the start of the text
   */
  public NormalizedText(byte[] bytes, int from, int to, int startEnd) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.startEnd = startEnd;
  }

  /** All of a text, of which {@code bytes[0, startEnd)} stands for the first character. */
  static NormalizedText of(ByteText text, int startEnd) {
    return new NormalizedText(text.array(), 0, text.size(), startEnd);
  }

  /** The array in which the text is. */
  public byte[] bytes() {
    return bytes;
  }

  /** Where the text begins. */
  public int from() {
    return from;
  }

  /** Where the text ends. */
  public int to() {
    return to;
  }

  /** Where that ends which stands for the first character of the whole text. */
  public int startEnd() {
    return startEnd;
  }

  boolean isEmpty() {
    return from == to;
  }

  boolean isAscii() {
    return Utf8.isAscii(bytes, from, to);
  }

  /** This text changed by {@code form}, which changes characters by their neighbours only. */
  NormalizedText map(UnaryOperator<String> form) {
    String before = Utf8.decode(bytes, from, to);
    String after = form.apply(before);
    if (after.equals(before)) {
      return this;
    }
    byte[] changed = Utf8.encode(after);
    int start = 0;
    if (startEnd > from) {
      start = Utf8.encode(form.apply(Utf8.decode(bytes, from, startEnd))).length;
    }
    return new NormalizedText(changed, 0, changed.length, Math.min(start, changed.length));
  }

  /** This text with each character written by {@code map}. */
  NormalizedText mapEach(CodePointMap map) {
    var out = new ByteText(to - from);
    int start = 0;
    for (int i = from; i < to; i += Utf8.length(bytes[i])) {
      map.write(Utf8.codePointAt(bytes, i), out);
      if (i < startEnd) {
        start = out.size();
      }
    }
    return of(out, start);
  }

  /** Writes what one character becomes. */
  @FunctionalInterface
  interface CodePointMap {
    void write(int codePoint, ByteText out);
  }
}
