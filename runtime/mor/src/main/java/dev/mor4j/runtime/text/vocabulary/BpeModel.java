package dev.mor4j.runtime.text.vocabulary;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Byte pair encoding: neighbours are merged in the order of the merges' ranks, of equal ones the
 * leftmost first. Immutable; any thread.
 */
public final class BpeModel implements TokenModel {
  private final BpeConfig config;
  private final TokenTable tokens;
  private final Map<Long, long[]> merges;
  private final byte[] prefix;
  private final byte[] suffix;

  private BpeModel(Builder builder) {
    config = builder.config;
    tokens = builder.tokens;
    merges = builder.merges;
    prefix = config.prefix().getBytes(StandardCharsets.UTF_8);
    suffix = config.suffix().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Begins a model.
   *
   * @param tokens all tokens: in a byte-level vocabulary as the bytes that they stand for,
   *     otherwise as the file writes them, in UTF-8. The model keeps it; nothing may be added to it
   *     any more
   */
  public static Builder builder(BpeConfig config, TokenTable tokens) {
    return new Builder(config, tokens);
  }

  @Override
  public void tokenize(byte[] text, int from, int to, TokenSink out) {
    if (from == to) {
      return;
    }
    if (config.ignoreMerges()) {
      int whole = tokens.id(text, from, to);
      if (whole >= 0) {
        out.add(whole);
        return;
      }
    }
    int[] symbols = new int[(to - from) * 4 + 64];
    int count = 0;
    boolean unknown = false;
    for (int i = from; i < to; ) {
      int next = i + 1;
      while (!config.bytes() && next < to && (text[next] & 0xc0) == 0x80) {
        next++;
      }
      byte[] unit = unit(text, i, next, i == from, next == to);
      int id = tokens.id(unit, 0, unit.length);
      i = next;
      if (id >= 0) {
        if (unknown) {
          symbols[count++] = config.unknownId();
          unknown = false;
        }
        symbols[count++] = id;
        continue;
      }
      if (config.byteFallback()) {
        int begin = count;
        for (byte b : unit) {
          byte[] name = "<0x%02X>".formatted(b & 0xff).getBytes(StandardCharsets.UTF_8);
          int fallback = tokens.id(name, 0, name.length);
          if (fallback < 0) {
            count = -1 - begin;
            break;
          }
          symbols[count++] = fallback;
        }
        if (count >= 0) {
          continue;
        }
        count = -1 - count;
      }
      if (config.unknownId() != BpeConfig.NONE) {
        if (unknown && !config.fuseUnknown()) {
          symbols[count++] = config.unknownId();
        }
        unknown = true;
      }
    }
    if (unknown) {
      symbols[count++] = config.unknownId();
    }
    while (true) {
      long[] best = null;
      int at = 0;
      for (int i = 0; i + 1 < count; i++) {
        long[] merge = merges.get((long) symbols[i] << 32 | symbols[i + 1]);
        if (merge != null && (best == null || merge[0] < best[0])) {
          best = merge;
          at = i;
        }
      }
      if (best == null) {
        break;
      }
      symbols[at] = (int) best[1];
      System.arraycopy(symbols, at + 2, symbols, at + 1, count - at - 2);
      count--;
    }
    for (int i = 0; i < count; i++) {
      out.add(symbols[i]);
    }
  }

  private byte[] unit(byte[] text, int from, int to, boolean first, boolean last) {
    byte[] unit = new byte[(first ? 0 : prefix.length) + to - from + (last ? suffix.length : 0)];
    int at = 0;
    if (!first) {
      System.arraycopy(prefix, 0, unit, 0, prefix.length);
      at = prefix.length;
    }
    System.arraycopy(text, from, unit, at, to - from);
    if (last) {
      System.arraycopy(suffix, 0, unit, at + to - from, suffix.length);
    }
    return unit;
  }

  /** Takes the merges of a model, first rank first. One thread. */
  public static final class Builder {
    private final BpeConfig config;
    private final TokenTable tokens;
    private final Map<Long, long[]> merges = new HashMap<>();
    private int rank;

    private Builder(BpeConfig config, TokenTable tokens) {
      this.config = config;
      this.tokens = tokens;
    }

    /**
     * Adds the merge of the tokens {@code pair[from, middle)} and {@code pair[middle, to)}, which
     * stand without anything between them, in the same form as the tokens. A pair that comes twice
     * has its later rank.
     *
     * @return whether both, and the token that they make, are in the vocabulary; otherwise nothing
     *     is added
     */
    public boolean merge(byte[] pair, int from, int middle, int to) {
      int left = tokens.id(pair, from, middle);
      int right = tokens.id(pair, middle, to);
      int prefixLength = config.prefix().getBytes(StandardCharsets.UTF_8).length;
      if (left < 0 || right < 0 || to - middle < prefixLength) {
        return false;
      }
      byte[] whole = new byte[to - from - prefixLength];
      System.arraycopy(pair, from, whole, 0, middle - from);
      System.arraycopy(
          pair, middle + prefixLength, whole, middle - from, to - middle - prefixLength);
      int merged = tokens.id(whole, 0, whole.length);
      if (merged < 0) {
        return false;
      }
      merges.put((long) left << 32 | right, new long[] {rank++, merged});
      return true;
    }

    /** The model. The builder must not be used any more. */
    public BpeModel build() {
      return new BpeModel(this);
    }
  }
}
