package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.mor4j_shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Sizes that all layers of a model share; {@code mor4j_shape}.
 *
 * @param hidden H
 * @param heads NH
 * @param kvHeads NKV
 * @param headDim DH
 * @param intermediate F
 * @param rmsEps epsilon of the RMS norms
 * @param pageTokens entries of a KV page, a multiple of 32
 * @param kvType number type of the KV caches
 */
public record BlockShape(
    int hidden,
    int heads,
    int kvHeads,
    int headDim,
    int intermediate,
    float rmsEps,
    int pageTokens,
    KvType kvType) {
  MemorySegment write(Arena arena) {
    MemorySegment target = mor4j_shape.allocate(arena);
    mor4j_shape.hidden(target, hidden);
    mor4j_shape.heads(target, heads);
    mor4j_shape.kv_heads(target, kvHeads);
    mor4j_shape.head_dim(target, headDim);
    mor4j_shape.intermediate(target, intermediate);
    mor4j_shape.rms_eps(target, rmsEps);
    mor4j_shape.page_tokens(target, pageTokens);
    mor4j_shape.kv_dtype(target, kvType.code());
    return target;
  }
}
