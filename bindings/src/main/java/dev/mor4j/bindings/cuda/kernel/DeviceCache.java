package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_cache;
import java.lang.foreign.MemorySegment;

/**
 * The caches of a pass and one layer's place in them, borrowed. The pages themselves are named by
 * the addresses in {@code tables}, which nothing here can check: whoever lends a page keeps it for
 * as long as a table names it.
 *
 * @param kv {@link DeviceKvRow} [states]
 * @param tables uint64: addresses of pages, and places of overlays
 * @param type number type of the cache
 * @param pageTokens tokens of a page
 * @param place where the layer is in a page
 * @param heads sizes of attention
 */
public record DeviceCache(
    DeviceView kv, DeviceView tables, CudaKvType type, int pageTokens, Place place, Heads heads) {
  /**
   * Where a layer finds its keys and values.
   *
   * @param layer its index inside a page
   * @param overlayLayer its index inside an overlay's page
   * @param mode what it does with keys and values
   */
  public record Place(int layer, int overlayLayer, CudaKvMode mode) {}

  /**
   * Sizes of attention.
   *
   * @param queries NH
   * @param keys NKV
   * @param headDim DH
   */
  public record Heads(int queries, int keys, int headDim) {}

  /** Numbers of a row of queries, keys and values. */
  long qkvNumbers() {
    return (heads.queries() + 2L * heads.keys()) * heads.headDim();
  }

  /** Numbers of a row of attention's results. */
  long outNumbers() {
    return (long) heads.queries() * heads.headDim();
  }

  /** Writes the C structure. */
  void write(Operation operation, MemorySegment target, DeviceRows rows) {
    mor4j_cuda_cache.kv(target, kv.pointer(operation, "cache.kv", Element.KV_ROW, rows.states()));
    mor4j_cuda_cache.tables(target, tables.pointer(operation, "cache.tables", Element.UINT64, 1));
    mor4j_cuda_cache.layer(target, place.layer());
    mor4j_cuda_cache.overlay_layer(target, place.overlayLayer());
    mor4j_cuda_cache.kv_mode(target, place.mode().code());
    mor4j_cuda_cache.kv_type(target, type.code());
    mor4j_cuda_cache.heads(target, heads.queries());
    mor4j_cuda_cache.kv_heads(target, heads.keys());
    mor4j_cuda_cache.head_dim(target, heads.headDim());
    mor4j_cuda_cache.page_tokens(target, pageTokens);
  }
}
