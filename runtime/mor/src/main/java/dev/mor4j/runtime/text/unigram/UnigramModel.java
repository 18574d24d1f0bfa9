package dev.mor4j.runtime.text.unigram;

import dev.mor4j.runtime.text.vocabulary.TokenModel;
import dev.mor4j.runtime.text.vocabulary.TokenSink;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The model Unigram of a {@code tokenizer.json}. A run of unknown characters is one token; with
 * byte fallback it is its bytes, if there is a token for each.
 */
public final class UnigramModel implements TokenModel {
  /** As the unknown token's id: there is none. */
  public static final int NO_UNKNOWN = -1;

  // Below the smallest score of all pieces.
  private static final double UNKNOWN_PENALTY = 10;

  private final PieceTrie trie;
  private final UnigramLattice lattice;
  private final int unknown;
  // Ids by byte, where each byte of a run has one; null without byte fallback.
  private final int[] bytes;

  /**
   * @param tokens UTF-8, by id; of equal ones the last counts
   * @param scores by id
   * @param unknown id of the unknown token, or {@link #NO_UNKNOWN}
   * @param byteFallback whether unknown characters are written as the tokens of their bytes
   * @throws IllegalArgumentException where {@code unknown} is no token, or the numbers of tokens
   *     and scores differ
   */
  public UnigramModel(byte[][] tokens, double[] scores, int unknown, boolean byteFallback) {
    if (tokens.length != scores.length) {
      throw new IllegalArgumentException(
          "there are " + tokens.length + " tokens, but " + scores.length + " scores");
    }
    if (unknown < NO_UNKNOWN || unknown >= tokens.length) {
      throw new IllegalArgumentException(
          "unk_id is " + unknown + ", but the vocabulary has " + tokens.length + " tokens");
    }
    int[] ids = new int[tokens.length];
    int[] lengths = new int[tokens.length];
    double least = Double.POSITIVE_INFINITY;
    for (int id = 0; id < tokens.length; id++) {
      ids[id] = id;
      lengths[id] = tokens[id].length;
      least = Math.min(least, scores[id]);
    }
    this.unknown = unknown;
    trie = new PieceTrie(tokens, ids);
    double unknownScore = unknown == NO_UNKNOWN ? Double.NaN : least - UNKNOWN_PENALTY;
    lattice = new UnigramLattice(trie, lengths, scores, unknownScore, false);
    bytes = byteFallback ? byteTokens(trie) : null;
  }

  private static int[] byteTokens(PieceTrie trie) {
    int[] bytes = new int[256];
    for (int value = 0; value < 256; value++) {
      String name = String.format(Locale.ROOT, "<0x%02X>", value);
      byte[] token = name.getBytes(StandardCharsets.US_ASCII);
      bytes[value] = trie.find(token, 0, token.length);
    }
    return bytes;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException where a character is unknown and there is no unknown token
   */
  @Override
  public void tokenize(byte[] text, int from, int to, TokenSink out) {
    Pieces pieces = new Pieces(text, out);
    lattice.segment(text, from, to, pieces);
    pieces.endRun();
  }

  /** Joins unknown characters that follow each other. */
  private final class Pieces implements PieceSink {
    private final byte[] text;
    private final TokenSink out;
    private int runFrom;
    private int runTo;

    Pieces(byte[] text, TokenSink out) {
      this.text = text;
      this.out = out;
    }

    @Override
    public void piece(int id, int from, int to) {
      if (id == UNKNOWN || id == unknown) {
        if (runFrom == runTo) {
          runFrom = from;
        }
        runTo = to;
        return;
      }
      endRun();
      out.add(id);
    }

    void endRun() {
      if (runFrom == runTo) {
        return;
      }
      int id = trie.find(text, runFrom, runTo);
      if (id != PieceTrie.NONE) {
        out.add(id);
      } else if (hasBytes()) {
        for (int i = runFrom; i < runTo; i++) {
          out.add(bytes[text[i] & 0xFF]);
        }
      } else {
        out.add(unknown);
      }
      runFrom = runTo;
    }

    private boolean hasBytes() {
      if (bytes == null) {
        return false;
      }
      for (int i = runFrom; i < runTo; i++) {
        if (bytes[text[i] & 0xFF] == PieceTrie.NONE) {
          return false;
        }
      }
      return true;
    }
  }
}
