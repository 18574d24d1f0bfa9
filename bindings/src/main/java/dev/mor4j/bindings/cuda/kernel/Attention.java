package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_attend_args;
import java.lang.foreign.MemorySegment;

/**
 * Attention of each row's queries over its cache.
 *
 * @param rows rows of the pass
 * @param cache what to attend to
 * @param qkv T, after {@link CudaKernels#ropeAppend} where {@code positions} is 0
 * @param out T [bucket, NH DH]
 * @param partials float32, {@link CudaKernels#partialFloats} of them, for decode; else 0
 * @param done uint32 [bucket, NH], all 0, for decode, which leaves them 0; else 0
 * @param splits 1 .. 64, for decode; else 1
 * @param type type T of the activations
 * @param positions int32 [states], as of {@link RopeAppend}, which decode does as well then; that
 *     is for rows of which none stores what another one attends to. 0: it has been done
 * @param inverseFrequencies float32 [DH/2], or 0 as {@code positions}
 * @param kinds uint8 [states]: rows of which number are attended to, the others left alone; 0 for
 *     all rows
 * @param kind that number
 */
public record Attention(
    DeviceRows rows,
    DeviceCache cache,
    long qkv,
    long out,
    long partials,
    long done,
    int splits,
    CudaType type,
    long positions,
    long inverseFrequencies,
    long kinds,
    int kind) {
  /** Writes the C structure. */
  void write(MemorySegment target) {
    rows.write(mor4j_cuda_attend_args.rows(target));
    cache.write(mor4j_cuda_attend_args.cache(target));
    mor4j_cuda_attend_args.qkv(target, Pointers.of(qkv));
    mor4j_cuda_attend_args.out(target, Pointers.of(out));
    mor4j_cuda_attend_args.partials(target, Pointers.of(partials));
    mor4j_cuda_attend_args.done(target, Pointers.of(done));
    mor4j_cuda_attend_args.splits(target, splits);
    mor4j_cuda_attend_args.type(target, type.code());
    mor4j_cuda_attend_args.positions(target, Pointers.of(positions));
    mor4j_cuda_attend_args.inverse_frequencies(target, Pointers.of(inverseFrequencies));
    mor4j_cuda_attend_args.kinds(target, Pointers.of(kinds));
    mor4j_cuda_attend_args.kind(target, kind);
  }
}
