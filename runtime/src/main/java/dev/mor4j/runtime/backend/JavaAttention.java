package dev.mor4j.runtime.backend;

import dev.mor4j.bindings.cpu.KvMode;
import dev.mor4j.runtime.cache.KvCache;
import dev.mor4j.runtime.cache.KvPagePool;
import dev.mor4j.runtime.format.ArchitectureConfig;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Attention of one row over the pages of its cache, and the writing of keys and values into them,
 * in plain Java.
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
   * Stores keys and values [NKV·DH] of layer {@code layer} as entry {@code slot} of {@code cache}.
   */
  void store(KvCache cache, int layer, int slot, float[] keys, float[] values) {
    MemorySegment page = cache.page(slot / KvPagePool.PAGE_TOKENS);
    for (int h = 0; h < kvHeads; h++) {
      MemorySegment.copy(
          keys, h * headDim, page, ValueLayout.JAVA_FLOAT, offset(layer, 0, h, slot), headDim);
      MemorySegment.copy(
          values, h * headDim, page, ValueLayout.JAVA_FLOAT, offset(layer, 1, h, slot), headDim);
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
        load(pass, row, layer, 0, kvHead, e, vector);
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
        load(pass, row, layer, 1, kvHead, e, vector);
        for (int i = 0; i < headDim; i++) {
          mixed[i] += weight * vector[i];
        }
      }
      for (int i = 0; i < headDim; i++) {
        out[h * headDim + i] = (float) (mixed[i] / sum);
      }
    }
  }

  private void load(
      RowPass pass, int row, CachedLayer layer, int keyOrValue, int kvHead, int entry, float[] to) {
    KvCache cache = pass.base[row];
    int slot = entry;
    if (layer.kvMode() == KvMode.OVERLAY && pass.overlaySlots[row][entry] >= 0) {
      cache = pass.overlay[row];
      slot = pass.overlaySlots[row][entry];
    }
    MemorySegment.copy(
        cache.page(slot / KvPagePool.PAGE_TOKENS),
        ValueLayout.JAVA_FLOAT,
        offset(layer.kvLayer(), keyOrValue, kvHead, slot),
        to,
        0,
        headDim);
  }

  /** Byte offset inside a page [page_layers][2][NKV][PAGE_TOKENS][DH]. */
  private long offset(int layer, int keyOrValue, int kvHead, int slot) {
    long plane = ((long) layer * 2 + keyOrValue) * kvHeads + kvHead;
    long place = slot % KvPagePool.PAGE_TOKENS;
    return (plane * KvPagePool.PAGE_TOKENS + place) * headDim * Float.BYTES;
  }
}
