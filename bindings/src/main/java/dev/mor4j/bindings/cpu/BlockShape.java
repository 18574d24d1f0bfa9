package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.mor4j_shape;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Sizes that all layers of a model share; {@code mor4j_shape}.
 *
 * @param sizes H, NH, NKV, DH, F and the epsilon of the RMS norms
 * @param pageTokens entries of a KV page, a multiple of 32
 * @param kvType number type of the KV caches
 */
public record BlockShape(ArchitectureConfig sizes, int pageTokens, KvCacheType kvType) {
  MemorySegment write(Arena arena) {
    MemorySegment target = mor4j_shape.allocate(arena);
    mor4j_shape.hidden(target, sizes.hidden());
    mor4j_shape.heads(target, sizes.heads());
    mor4j_shape.kv_heads(target, sizes.kvHeads());
    mor4j_shape.head_dim(target, sizes.headDim());
    mor4j_shape.intermediate(target, sizes.intermediate());
    mor4j_shape.rms_eps(target, sizes.rmsNormEps());
    mor4j_shape.page_tokens(target, pageTokens);
    mor4j_shape.kv_dtype(target, Codes.of(kvType));
    return target;
  }
}
