package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.runtime.text.utf8.ByteAlphabet;
import dev.mor4j.runtime.text.utf8.ByteText;
import dev.mor4j.runtime.text.utf8.Utf8;
import dev.mor4j.runtime.text.vocabulary.TokenTable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The tokens of a model, by id and by how the file writes them. Immutable; any thread.
 *
 * <p>In a byte-level vocabulary, the table has the bytes that tokens stand for. Tokens that have
 * other characters than the letters of bytes are kept apart: no text can give them.
 */
final class Vocabulary {
  private static final int NONE = -1;

  private final byte[] texts;
  private final int[] begins;
  private final int[] ends;
  private final TokenTable table;
  private final boolean bytes;
  private final Map<String, Integer> others = new HashMap<>();
  private final int size;

  /**
   * @param raw the tokens in the order of the file
   * @param bytes whether the tokens are letters of bytes
   */
  Vocabulary(RawVocabulary raw, boolean bytes) {
    this.bytes = bytes;
    texts = raw.texts();
    table = new TokenTable(raw.size());
    begins = new int[raw.maxId() + 1];
    ends = new int[raw.maxId() + 1];
    Arrays.fill(begins, NONE);
    var undone = new ByteText(64);
    for (int i = 0; i < raw.size(); i++) {
      int from = raw.begin(i);
      int to = raw.end(i);
      int id = raw.id(i);
      begins[id] = from;
      ends[id] = to;
      undone.clear();
      if (!bytes) {
        table.add(texts, from, to, id);
      } else if (ByteAlphabet.undo(texts, from, to, undone)) {
        table.add(undone.array(), 0, undone.size(), id);
      } else {
        others.put(Utf8.decode(texts, from, to), id);
      }
    }
    // Tokens with scores count as often as they come.
    size = raw.hasDistinctTokens() ? table.size() + others.size() : raw.size();
  }

  /** Whether it is byte-level and has each byte as a token, so that every text has tokens. */
  boolean hasAllBytes() {
    boolean all = bytes;
    for (int i = 0; all && i < 256; i++) {
      all = table.id(new byte[] {(byte) i}, 0, 1) >= 0;
    }
    return all;
  }

  /** Bytes of the longest token of the model. */
  int longest() {
    return table.longest();
  }

  /** What the model looks tokens up in. */
  TokenTable table() {
    return table;
  }

  /** Whether the table has the bytes that tokens stand for. */
  boolean isBytes() {
    return bytes;
  }

  /** The number of tokens, which is the id of the first added one. */
  int size() {
    return size;
  }

  /** The largest id plus one. */
  int idBound() {
    return begins.length;
  }

  /** The id of the token that the file writes so, or -1. */
  int id(String token) {
    byte[] text = bytes ? ByteAlphabet.bytesOf(token) : Utf8.encode(token);
    return text == null ? others.getOrDefault(token, NONE) : table.id(text, 0, text.length);
  }

  /** How the file writes a token, or null where there is none. */
  String token(int id) {
    return has(id) ? Utf8.decode(texts, begins[id], ends[id]) : null;
  }

  /** Whether there is a token with this id. */
  boolean has(int id) {
    return id >= 0 && id < begins.length && begins[id] != NONE;
  }

  /** Appends how the file writes a token. */
  void write(int id, ByteText out) {
    out.add(texts, begins[id], ends[id]);
  }

  /** Appends the bytes that a token stands for; those of its characters where it has no letters. */
  void writeBytes(int id, ByteText out) {
    if (!ByteAlphabet.undo(texts, begins[id], ends[id], out)) {
      write(id, out);
    }
  }
}
