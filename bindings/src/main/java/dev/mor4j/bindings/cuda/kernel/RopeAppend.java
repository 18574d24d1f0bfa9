package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_rope_append_args;
import java.lang.foreign.MemorySegment;

/**
 * Turns queries and keys by their token's position and stores keys and values at the row's slot.
 *
 * @param rows rows of the pass
 * @param cache where to store
 * @param qkv T [bucket, (NH + 2 NKV) DH]: queries (turned in place), keys, values
 * @param rotation what they are turned by
 */
public record RopeAppend(DeviceRows rows, DeviceCache cache, DeviceView qkv, Rotation rotation) {
  /** Writes the C structure. */
  void write(Operation operation, MemorySegment target) {
    CudaType type = CudaType.ofActivations(operation, "qkv", qkv);
    rows.write(operation, mor4j_cuda_rope_append_args.rows(target));
    cache.write(operation, mor4j_cuda_rope_append_args.cache(target), rows);
    mor4j_cuda_rope_append_args.qkv(
        target, qkv.pointer(operation, "qkv", type.element(), rows.bucket() * cache.qkvNumbers()));
    mor4j_cuda_rope_append_args.positions(
        target, rotation.positions().pointer(operation, "positions", Element.INT32, rows.states()));
    mor4j_cuda_rope_append_args.inverse_frequencies(
        target,
        rotation
            .inverseFrequencies()
            .pointer(operation, "inverse_frequencies", Element.F32, cache.heads().headDim() / 2));
    mor4j_cuda_rope_append_args.type(target, type.code());
    mor4j_cuda_rope_append_args.reserved(target, 0);
  }
}
