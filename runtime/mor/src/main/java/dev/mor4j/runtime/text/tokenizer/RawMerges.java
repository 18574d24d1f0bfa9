package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.runtime.text.utf8.ByteText;
import java.util.Arrays;

/** Pairs of tokens in the order in which a file has them. One thread. */
final class RawMerges {
  private final ByteText texts = new ByteText(1 << 16);
  private int[] ends = new int[1 << 12];
  private int parts;

  /** Adds a pair's left token, then its right one: {@code characters[from, to)}. */
  void add(char[] characters, int from, int to) {
    if (parts == ends.length) {
      ends = Arrays.copyOf(ends, parts * 2);
    }
    texts.add(characters, from, to);
    ends[parts++] = texts.size();
  }

  /** Adds a pair that is written {@code "left right"}; false where it is not. */
  boolean addLine(char[] characters, int from, int to) {
    int space = from;
    while (space < to && characters[space] != ' ') {
      space++;
    }
    for (int i = space + 1; i < to; i++) {
      if (characters[i] == ' ') {
        return false;
      }
    }
    if (space == to) {
      return false;
    }
    add(characters, from, space);
    add(characters, space + 1, to);
    return true;
  }

  /** Number of pairs. */
  int size() {
    return parts / 2;
  }

  /** In which all tokens are. */
  byte[] texts() {
    return texts.array();
  }

  int begin(int pair) {
    return pair == 0 ? 0 : ends[2 * pair - 1];
  }

  int middle(int pair) {
    return ends[2 * pair];
  }

  int end(int pair) {
    return ends[2 * pair + 1];
  }
}
