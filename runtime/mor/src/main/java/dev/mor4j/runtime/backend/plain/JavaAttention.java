package dev.mor4j.runtime.backend.plain;

import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.cache.KvCache;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.kv.KvPageLayout;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.packing.Bfloat16;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Attention of one row over the pages of its cache, and the writing of keys and values into them,
 * in plain Java.
 *
 * <p>Source: docs/forward-pass.md, section 3.
 */
final class JavaAttention {
  private final int heads;
  private final int kvHeads;
  private final int headDim;

  JavaAttention(ArchitectureConfig sizes) {
    heads = sizes.heads();
    kvHeads = sizes.kvHeads();
    headDim = sizes.headDim();
  }

  /**
   * Stores keys and values [NKV·DH] of layer {@code layer} as entry {@code slot} of {@code cache},
   * in its number type.
   */
  void store(KvCache cache, int layer, int slot, float[] keys, float[] values) {
    KvPageLayout layout = cache.layout();
    MemorySegment page = cache.page(slot / KvPageLayout.PAGE_TOKENS);
    int place = slot % KvPageLayout.PAGE_TOKENS;
    for (int h = 0; h < kvHeads; h++) {
      storeVector(page, layout, layout.keys(layer, h), place, true, keys, h * headDim);
      storeVector(page, layout, layout.values(layer, h), place, false, values, h * headDim);
    }
  }

  private void storeVector(
      MemorySegment page,
      KvPageLayout layout,
      long begin,
      int place,
      boolean key,
      float[] from,
      int at) {
    float largest = 0;
    for (int d = 0; d < headDim; d++) {
      largest = Math.max(largest, Math.abs(from[at + d])); // NaN stays
    }
    boolean ordinary = Float.isFinite(largest) && largest >= 1e-30f;
    float steps = ordinary ? 127f / largest : 0;
    for (int d = 0; d < headDim; d++) {
      long index = key ? layout.keyIndex(place, d) : layout.valueIndex(place, d);
      float x = from[at + d];
      switch (layout.type()) {
        case F32 -> page.set(ValueLayout.JAVA_FLOAT, begin + index * Float.BYTES, x);
        case BF16 ->
            page.set(ValueLayout.JAVA_SHORT, begin + index * Short.BYTES, Bfloat16.round(x));
        case INT8 ->
            page.set(
                ValueLayout.JAVA_BYTE, begin + index, ordinary ? (byte) Math.rint(x * steps) : 0);
      }
    }
    if (layout.type() == KvCacheType.INT8) {
      float scale = ordinary ? largest / 127f : Float.isFinite(largest) ? 0 : Float.NaN;
      page.set(ValueLayout.JAVA_FLOAT, begin + layout.scales() + (long) place * Float.BYTES, scale);
    }
  }

  /**
   * {@code out[NH·DH]} = attention of {@code queries} over what row {@code row} of {@code pass} may
   * see.
   */
  void attend(RowPass pass, int row, CachedLayer layer, float[] queries, float[] out) {
    int context = pass.contexts[row];
    double[] scores = new double[context];
    float[] vector = new float[headDim];
    for (int h = 0; h < heads; h++) {
      int kvHead = h / (heads / kvHeads);
      double largest = Double.NEGATIVE_INFINITY;
      for (int e = 0; e < context; e++) {
        load(pass, row, layer, true, kvHead, e, vector);
        double dot = 0;
        for (int i = 0; i < headDim; i++) {
          dot += (double) queries[h * headDim + i] * vector[i];
        }
        scores[e] = dot / Math.sqrt(headDim);
        largest = Math.max(largest, scores[e]);
      }
      double sum = 0;
      double[] mixed = new double[headDim];
      for (int e = 0; e < context; e++) {
        double weight = Math.exp(scores[e] - largest);
        sum += weight;
        load(pass, row, layer, false, kvHead, e, vector);
        for (int i = 0; i < headDim; i++) {
          mixed[i] += weight * vector[i];
        }
      }
      for (int i = 0; i < headDim; i++) {
        out[h * headDim + i] = (float) (mixed[i] / sum);
      }
    }
  }

  /** Whether the row has an overlay: a layer that overlays takes rows without one, too. */
  static boolean overlays(CachedLayer layer, RowPass pass, int row) {
    return layer.kvMode() == KvMode.OVERLAY && pass.overlay[row] != null;
  }

  private void load(
      RowPass pass, int row, CachedLayer layer, boolean key, int kvHead, int entry, float[] to) {
    KvCache cache = pass.base[row];
    int slot = entry;
    if (overlays(layer, pass, row) && pass.overlaySlots[row][entry] >= 0) {
      cache = pass.overlay[row];
      slot = pass.overlaySlots[row][entry];
    }
    KvPageLayout layout = cache.layout();
    MemorySegment page = cache.page(slot / KvPageLayout.PAGE_TOKENS);
    int place = slot % KvPageLayout.PAGE_TOKENS;
    long begin =
        key ? layout.keys(layer.kvLayer(), kvHead) : layout.values(layer.kvLayer(), kvHead);
    for (int d = 0; d < headDim; d++) {
      long index = key ? layout.keyIndex(place, d) : layout.valueIndex(place, d);
      to[d] =
          switch (layout.type()) {
            case F32 -> page.get(ValueLayout.JAVA_FLOAT, begin + index * Float.BYTES);
            case BF16 ->
                Bfloat16.widen(page.get(ValueLayout.JAVA_SHORT, begin + index * Short.BYTES));
            case INT8 ->
                page.get(ValueLayout.JAVA_BYTE, begin + index)
                    * page.get(
                        ValueLayout.JAVA_FLOAT,
                        begin + layout.scales() + (long) place * Float.BYTES);
          };
    }
  }
}
