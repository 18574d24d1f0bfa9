package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.runtime.text.utf8.ByteText;
import dev.mor4j.runtime.text.utf8.Utf8;
import java.util.Arrays;

/** Tokens in the order in which a file has them. One thread. */
final class RawVocabulary {
  /** Largest id. Tables have a place for each. */
  static final int MAX_ID = (1 << 22) - 1;

  private final ByteText texts = new ByteText(1 << 16);
  private int[] ends = new int[1 << 12];
  private int[] ids = new int[1 << 12];
  private int size;
  private int maxId = -1;
  private final boolean distinct;

  /**
   * @param distinct whether a token that comes twice is one token: the later one
   */
  RawVocabulary(boolean distinct) {
    this.distinct = distinct;
  }

  /** Adds a token that is written {@code characters[from, to)}; its id follows. */
  int addText(char[] characters, int from, int to) {
    if (size == ids.length) {
      ends = Arrays.copyOf(ends, size * 2);
      ids = Arrays.copyOf(ids, size * 2);
    }
    texts.add(characters, from, to);
    ends[size] = texts.size();
    return size;
  }

  /** Gives the token that was added last its id. */
  void addId(int id) {
    ids[size++] = id;
    maxId = Math.max(maxId, id);
  }

  /** How a token is written, for messages. */
  String text(int index) {
    return Utf8.decode(texts.array(), begin(index), end(index));
  }

  boolean hasDistinctTokens() {
    return distinct;
  }

  int size() {
    return size;
  }

  int maxId() {
    return maxId;
  }

  int id(int index) {
    return ids[index];
  }

  int begin(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }

  int end(int index) {
    return ends[index];
  }

  /** All tokens, one behind the other; a copy. */
  byte[] texts() {
    return texts.toArray();
  }
}
