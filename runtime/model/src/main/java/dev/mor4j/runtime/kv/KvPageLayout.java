package dev.mor4j.runtime.kv;

import dev.mor4j.runtime.numbers.KvCacheType;

/**
 * Where keys and values lie in a page of {@link #PAGE_TOKENS} entries of some layers:
 *
 * <pre>
 *   page  [layers][NKV] blocks
 *   block { keys | values }
 *
 *            keys                                values
 *   float32  [DH][32]                            [32][DH]
 *   bfloat16 [DH/2][32][2]                       [32][DH]
 *   int8     [DH][32] | scales [32] float32      [32][DH] | scales [32] float32
 * </pre>
 *
 * The keys of a block lie with the entries innermost, as the kernels compute scores.
 *
 * @param layers layers that a page holds
 * @param kvHeads NKV
 * @param headDim DH, even
 * @param type number type
 */
public record KvPageLayout(int layers, int kvHeads, int headDim, KvCacheType type) {
  /** Entries of a page. */
  public static final int PAGE_TOKENS = 32;

  /**
   * Bytes of one entry, keys and values, of all layers: {@code layers · 2 · NKV · (DH numbers)}.
   */
  public long entryBytes() {
    long head = (long) headDim * type.byteSize() + (type == KvCacheType.INT8 ? Float.BYTES : 0);
    return Math.multiplyExact(2L * layers * kvHeads, head);
  }

  /** Bytes of a page. */
  public long pageBytes() {
    return Math.multiplyExact(entryBytes(), PAGE_TOKENS);
  }

  /** Where the keys of a layer and a KV head begin in a page. */
  public long keys(int layer, int kvHead) {
    return ((long) layer * kvHeads + kvHead) * (pageBytes() / layers / kvHeads);
  }

  /** Where its values begin. */
  public long values(int layer, int kvHead) {
    return keys(layer, kvHead) + pageBytes() / layers / kvHeads / 2;
  }

  /** The place of number {@code d} of the key of entry {@code place} among the keys. */
  public long keyIndex(int place, int d) {
    return type == KvCacheType.BF16
        ? ((long) d / 2 * PAGE_TOKENS + place) * 2 + d % 2
        : (long) d * PAGE_TOKENS + place;
  }

  /** The place of number {@code d} of the value of entry {@code place} among the values. */
  public long valueIndex(int place, int d) {
    return (long) place * headDim + d;
  }

  /** From the beginning of int8 keys or values to their scales. */
  public long scales() {
    return (long) headDim * PAGE_TOKENS;
  }
}
