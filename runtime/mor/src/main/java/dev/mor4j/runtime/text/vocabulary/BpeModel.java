package dev.mor4j.runtime.text.vocabulary;

import dev.mor4j.runtime.text.utf8.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.IntStream;

/**
 * Byte pair encoding: neighbours are merged in the order of the merges' ranks, of equal ones the
 * leftmost first. Any thread; all that changes is a bounded memory of short pieces.
 *
 * @see <a href="https://arxiv.org/abs/1508.07909">Neural Machine Translation of Rare Words with
 *     Subword Units</a>
 */
public final class BpeModel implements TokenModel {
  private final BpeConfig config;
  private final TokenTable tokens;
  private final MergeTable merges;
  private final byte[] prefix;
  private final byte[] suffix;
  private final WordCache cache = new WordCache();
  // Indices of tokens; -1: there is none.
  private final int[] single = new int[256];
  private final int[] fallback = new int[256];
  private final int unknown;
  private final boolean plain;
  // Null: a piece must not be cut.
  private final WordBorders borders;

  private BpeModel(Builder builder) {
    config = builder.config;
    tokens = builder.tokens;
    merges = builder.merges;
    prefix = builder.prefix;
    suffix = config.suffix().getBytes(StandardCharsets.UTF_8);
    plain = prefix.length == 0 && suffix.length == 0;
    byte[] one = new byte[1];
    HexFormat hex = HexFormat.of().withUpperCase();
    for (int b = 0; b < 256; b++) {
      one[0] = (byte) b;
      single[b] = tokens.index(one, 0, 1);
      byte[] name = ("<0x" + hex.toHexDigits((byte) b) + ">").getBytes(StandardCharsets.US_ASCII);
      fallback[b] = config.byteFallback() ? tokens.index(name, 0, name.length) : -1;
    }
    unknown = config.unknownId() < 0 ? -1 : tokens.indexOfId(config.unknownId());
    borders =
        plain
                && !config.ignoreMerges()
                && dropsNothing()
                && builder.mergesAreOfText(unknown, fallback)
            ? new WordBorders(tokens, merges, single)
            : null;
  }

  /** Whether every character becomes a token, so that those beside it do not become neighbours. */
  private boolean dropsNothing() {
    return unknown >= 0
        || IntStream.of(fallback).allMatch(index -> index >= 0)
        || (config.bytes() && IntStream.of(single).allMatch(index -> index >= 0));
  }

  /**
   * Begins a model.
   *
   * @param tokens all tokens: in a byte-level vocabulary as the bytes that they stand for,
   *     otherwise as the file writes them, in UTF-8. The model keeps it; nothing may be added to it
   *     any more
   * @throws IllegalArgumentException when there are too many, or the unknown token is not among
   *     them
   */
  public static Builder builder(BpeConfig config, TokenTable tokens) {
    return new Builder(config, tokens);
  }

  @Override
  public void tokenize(byte[] text, int from, int to, TokenSink out) {
    int length = to - from;
    if (length == 0) {
      return;
    }
    if (length <= WordCache.MAX_LENGTH || borders == null) {
      tokenizeWord(text, from, to, out);
      return;
    }
    int begin = from;
    while (begin < to) {
      int end = borders.next(text, begin, to);
      tokenizeWord(text, begin, end, out);
      begin = end;
    }
  }

  private void tokenizeWord(byte[] text, int from, int to, TokenSink out) {
    boolean remembered = to - from <= WordCache.MAX_LENGTH;
    if (remembered && cache.find(text, from, to, out)) {
      return;
    }
    Symbols ids = cut(text, from, to);
    if (remembered) {
      cache.put(text, from, to, ids.indices, ids.size);
    }
    out.addAll(ids.indices, ids.size);
  }

  /** The ids of a piece, in the place of the symbols that it began as. */
  private Symbols cut(byte[] text, int from, int to) {
    if (config.ignoreMerges()) {
      int whole = tokens.index(text, from, to);
      if (whole >= 0) {
        Symbols one = new Symbols(1);
        one.append(tokens.idAt(whole));
        return one;
      }
    }
    Symbols symbols = new Symbols(config.bytes() ? to - from : Utf8.codePoints(text, from, to));
    if (config.bytes() && plain) {
      for (int i = from; i < to; i++) {
        int index = single[text[i] & 0xff];
        if (index >= 0) {
          symbols.add(index);
        } else {
          symbols.addUnknown();
        }
      }
    } else {
      addCharacters(text, from, to, symbols);
    }
    symbols.addPending();
    symbols.size = Merging.merge(merges, symbols.indices, symbols.size);
    for (int i = 0; i < symbols.size; i++) {
      symbols.indices[i] = tokens.idAt(symbols.indices[i]);
    }
    return symbols;
  }

  private void addCharacters(byte[] text, int from, int to, Symbols symbols) {
    int end;
    for (int i = from; i < to; i = end) {
      end = i + 1;
      while (!config.bytes() && end < to && (text[end] & 0xc0) == 0x80) {
        end++;
      }
      byte[] unit = text;
      int begin = i;
      int stop = end;
      if (!plain && ((i > from && prefix.length > 0) || (end == to && suffix.length > 0))) {
        unit = unit(text, i, end, i == from, end == to);
        begin = 0;
        stop = unit.length;
      }
      int index = stop - begin == 1 ? single[unit[begin] & 0xff] : tokens.index(unit, begin, stop);
      if (index >= 0) {
        symbols.add(index);
      } else if (!addFallback(unit, begin, stop, symbols)) {
        symbols.addUnknown();
      }
    }
  }

  /** The tokens of a character's bytes, if all of them are there. */
  private boolean addFallback(byte[] unit, int from, int to, Symbols symbols) {
    for (int i = from; i < to; i++) {
      if (fallback[unit[i] & 0xff] < 0) {
        return false;
      }
    }
    for (int i = from; i < to; i++) {
      // Unlike a token of its own, it does not end a run of unknown characters.
      symbols.append(fallback[unit[i] & 0xff]);
    }
    return true;
  }

  private byte[] unit(byte[] text, int from, int to, boolean first, boolean last) {
    int begin = first ? 0 : prefix.length;
    byte[] unit = new byte[begin + to - from + (last ? suffix.length : 0)];
    System.arraycopy(prefix, 0, unit, 0, begin);
    System.arraycopy(text, from, unit, begin, to - from);
    if (last) {
      System.arraycopy(suffix, 0, unit, begin + to - from, suffix.length);
    }
    return unit;
  }

  /** What a piece begins as. */
  private final class Symbols {
    int[] indices;
    int size;
    private boolean pending;

    Symbols(int expected) {
      indices = new int[expected];
    }

    void add(int index) {
      addPending();
      append(index);
    }

    void append(int index) {
      if (size == indices.length) {
        indices = Arrays.copyOf(indices, size + (size >> 1) + 8);
      }
      indices[size++] = index;
    }

    void addUnknown() {
      if (unknown >= 0) {
        if (pending && !config.fuseUnknown()) {
          append(unknown);
        }
        pending = true;
      }
    }

    void addPending() {
      if (pending) {
        append(unknown);
        pending = false;
      }
    }
  }

  /** Takes the merges of a model, first rank first. One thread. */
  public static final class Builder {
    private static final long NOT_FOUND = -1;

    private final BpeConfig config;
    private final TokenTable tokens;
    private final byte[] prefix;
    private final MergeTable merges;

    private Builder(BpeConfig config, TokenTable tokens) {
      if (tokens.size() > MergeTable.MAX) {
        throw new IllegalArgumentException(
            "the vocabulary has "
                + tokens.size()
                + " tokens; at most "
                + MergeTable.MAX
                + " are supported");
      }
      if (config.unknownId() >= 0 && tokens.indexOfId(config.unknownId()) < 0) {
        throw new IllegalArgumentException(
            "the unknown token, id " + config.unknownId() + ", is not in the vocabulary");
      }
      this.config = config;
      this.tokens = tokens;
      prefix = config.prefix().getBytes(StandardCharsets.UTF_8);
      merges = new MergeTable(tokens.size());
    }

    /**
     * Looks up the merge of the tokens {@code pair[from, middle)} and {@code pair[middle, to)},
     * which stand without anything between them, in the same form as the tokens. Any thread.
     *
     * @return what {@link #add} takes; less than 0 where one of the two, or what they make, is not
     *     a token
     */
    public long find(byte[] pair, int from, int middle, int to) {
      int left = tokens.index(pair, from, middle);
      int right = tokens.index(pair, middle, to);
      if (left < 0 || right < 0 || to - middle < prefix.length) {
        return NOT_FOUND;
      }
      int merged;
      if (prefix.length == 0) {
        merged = tokens.index(pair, from, to);
      } else {
        byte[] whole = new byte[to - from - prefix.length];
        System.arraycopy(pair, from, whole, 0, middle - from);
        System.arraycopy(
            pair, middle + prefix.length, whole, middle - from, to - middle - prefix.length);
        merged = tokens.index(whole, 0, whole.length);
      }
      return merged < 0
          ? NOT_FOUND
          : ((long) left << MergeTable.BITS | right) << MergeTable.BITS | merged;
    }

    /**
     * Adds a merge with the next rank. A pair that comes twice has its later rank.
     *
     * @param found what {@link #find} gave, at least 0
     * @throws IllegalArgumentException when there are too many merges
     */
    public void add(long found) {
      int mask = MergeTable.MAX - 1;
      merges.add(
          (int) (found >>> (2 * MergeTable.BITS)),
          (int) (found >>> MergeTable.BITS) & mask,
          (int) found & mask);
    }

    /** Whether no merge is of tokens that stand for text which they do not spell. */
    private boolean mergesAreOfText(int unknown, int[] fallback) {
      for (int index : fallback) {
        if (index >= 0 && merges.uses(index)) {
          return false;
        }
      }
      return unknown < 0 || !merges.uses(unknown);
    }

    /** The model. The builder must not be used any more. */
    public BpeModel build() {
      return new BpeModel(this);
    }
  }
}
