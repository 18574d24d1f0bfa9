package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_cache;
import java.lang.foreign.MemorySegment;

/**
 * The caches of a pass and one layer's place in them, borrowed.
 *
 * @param kv [states] of {@link DeviceKvRow}
 * @param tables addresses of pages, places of overlays
 * @param layer index of the layer inside a page
 * @param overlayLayer inside an overlay page
 * @param mode what the layer does with keys and values
 * @param type number type of the cache
 * @param heads NH
 * @param kvHeads NKV
 * @param headDim DH
 * @param pageTokens tokens of a page
 */
public record DeviceCache(
    long kv,
    long tables,
    int layer,
    int overlayLayer,
    CudaKvMode mode,
    CudaKvType type,
    int heads,
    int kvHeads,
    int headDim,
    int pageTokens) {
  /** Writes the C structure. */
  void write(MemorySegment target) {
    mor4j_cuda_cache.kv(target, Pointers.of(kv));
    mor4j_cuda_cache.tables(target, Pointers.of(tables));
    mor4j_cuda_cache.layer(target, layer);
    mor4j_cuda_cache.overlay_layer(target, overlayLayer);
    mor4j_cuda_cache.kv_mode(target, mode.code());
    mor4j_cuda_cache.kv_type(target, type.code());
    mor4j_cuda_cache.heads(target, heads);
    mor4j_cuda_cache.kv_heads(target, kvHeads);
    mor4j_cuda_cache.head_dim(target, headDim);
    mor4j_cuda_cache.page_tokens(target, pageTokens);
  }
}
