package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.utf8.ByteAlphabet;
import dev.mor4j.runtime.text.utf8.ByteText;
import dev.mor4j.runtime.text.utf8.Utf8;
import dev.mor4j.runtime.text.vocabulary.BpeModel;
import java.util.stream.IntStream;

/**
 * Takes the merges of a file into a model. Most of the time goes by waiting for memory that a look
 * at the table needs, and each merge needs three; so several threads look.
 */
final class MergeLookup {
  private static final int CHUNK = 1 << 13;

  private final RawModel raw;
  private final Vocabulary vocabulary;
  private final String prefix;
  private final RawMerges merges;
  private final byte[] texts;

  MergeLookup(RawModel raw, Vocabulary vocabulary, String prefix) {
    this.raw = raw;
    this.vocabulary = vocabulary;
    this.prefix = prefix;
    merges = raw.merges();
    texts = merges.texts();
  }

  /**
   * Adds all merges, in the order of the file.
   *
   * @throws ModelFormatException when one has a token that is not in the vocabulary
   */
  void addTo(BpeModel.Builder builder) throws ModelFormatException {
    long[] found = new long[merges.size()];
    int chunks = (found.length + CHUNK - 1) / CHUNK;
    IntStream.range(0, chunks)
        .parallel()
        .forEach(
            chunk -> {
              int end = Math.min(found.length, (chunk + 1) * CHUNK);
              find(builder, found, chunk * CHUNK, end);
            });
    for (int i = 0; i < found.length; i++) {
      if (found[i] >= 0) {
        builder.add(found[i]);
      } else {
        explain(i);
      }
    }
  }

  private void find(BpeModel.Builder builder, long[] found, int from, int to) {
    var undone = new ByteText(64);
    for (int i = from; i < to; i++) {
      found[i] = find(builder, i, undone);
    }
  }

  private long find(BpeModel.Builder builder, int index, ByteText undone) {
    int from = merges.begin(index);
    int middle = merges.middle(index);
    int to = merges.end(index);
    if (!vocabulary.isBytes()) {
      return builder.find(texts, from, middle, to);
    }
    undone.clear();
    if (!ByteAlphabet.undo(texts, from, middle, undone)) {
      return -1;
    }
    int undoneMiddle = undone.size();
    return ByteAlphabet.undo(texts, middle, to, undone)
        ? builder.find(undone.array(), 0, undoneMiddle, undone.size())
        : -1;
  }

  /** Tokens that are not of letters cannot come up, but have to be there. */
  private void explain(int index) throws ModelFormatException {
    String left = Utf8.decode(texts, merges.begin(index), merges.middle(index));
    String right = Utf8.decode(texts, merges.middle(index), merges.end(index));
    require(index, left);
    require(index, right);
    require(index, left + (right.startsWith(prefix) ? right.substring(prefix.length()) : right));
    if (!vocabulary.isBytes()) {
      throw raw.settings()
          .unusable("merges[" + index + "]", "its right token is shorter than the prefix", null);
    }
  }

  private void require(int index, String token) throws ModelFormatException {
    if (vocabulary.id(token) < 0) {
      throw raw.settings()
          .unusable(
              "merges[" + index + "]",
              "the token " + Settings.quoted(token) + " is not in the vocabulary",
              null);
    }
  }
}
