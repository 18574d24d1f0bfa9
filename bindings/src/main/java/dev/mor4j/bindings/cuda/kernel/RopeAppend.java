package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_rope_append_args;
import java.lang.foreign.MemorySegment;

/**
 * Turns queries and keys by their token's position and stores keys and values at the row's slot.
 *
 * @param rows rows of the pass
 * @param cache where to store
 * @param qkv T [bucket, (NH + 2 NKV) DH]: queries (turned in place), keys, values
 * @param positions int32 [states]
 * @param inverseFrequencies float32 [DH / 2]
 * @param type type T of the activations
 */
public record RopeAppend(
    DeviceRows rows,
    DeviceCache cache,
    long qkv,
    long positions,
    long inverseFrequencies,
    CudaType type) {
  /** Writes the C structure. */
  void write(MemorySegment target) {
    rows.write(mor4j_cuda_rope_append_args.rows(target));
    cache.write(mor4j_cuda_rope_append_args.cache(target));
    mor4j_cuda_rope_append_args.qkv(target, Pointers.of(qkv));
    mor4j_cuda_rope_append_args.positions(target, Pointers.of(positions));
    mor4j_cuda_rope_append_args.inverse_frequencies(target, Pointers.of(inverseFrequencies));
    mor4j_cuda_rope_append_args.type(target, type.code());
    mor4j_cuda_rope_append_args.reserved(target, 0);
  }
}
