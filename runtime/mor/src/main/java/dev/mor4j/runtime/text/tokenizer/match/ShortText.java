package dev.mor4j.runtime.text.tokenizer.match;

import dev.mor4j.runtime.text.utf8.Utf8;

/** Finds a text of a few bytes by comparing it at every place. */
final class ShortText implements Finder {
  /** Longest text, in bytes, so that the work per byte is bounded. */
  static final int MAX_BYTES = 16;

  private final byte[] part;

  ShortText(byte[] part) {
    this.part = part;
  }

  @Override
  public long find(byte[] text, int from, int to) {
    int start = Utf8.indexOf(text, from, to, part);
    return start < 0 ? NONE : Finder.match(start, start + part.length);
  }
}
