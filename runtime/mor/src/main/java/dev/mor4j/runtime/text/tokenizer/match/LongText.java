package dev.mor4j.runtime.text.tokenizer.match;

/** Finds a text in linear time, by Knuth, Morris and Pratt. */
final class LongText implements Finder {
  private final byte[] part;
  private final int[] borders;

  LongText(byte[] part) {
    this.part = part;
    borders = new int[part.length + 1];
    borders[0] = -1;
    for (int i = 0, border = -1; i < part.length; borders[++i] = ++border) {
      while (border >= 0 && part[border] != part[i]) {
        border = borders[border];
      }
    }
  }

  @Override
  public long find(byte[] text, int from, int to) {
    int matched = 0;
    for (int i = from; i < to; i++) {
      while (matched >= 0 && part[matched] != text[i]) {
        matched = borders[matched];
      }
      if (++matched == part.length) {
        return Finder.match(i + 1 - matched, i + 1);
      }
    }
    return NONE;
  }
}
