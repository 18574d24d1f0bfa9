package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_attend_args;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Attention of each row's queries over its cache.
 *
 * @param rows rows of the pass
 * @param cache what to attend to
 * @param qkv T [bucket, (NH + 2 NKV) DH]; its queries have been turned and its keys and values
 *     stored by {@link CudaKernels#ropeAppend}, unless the launch does that itself
 * @param out T [bucket, NH DH]
 * @param kinds which rows are attended to; all of them where it is empty
 */
public record Attention(
    DeviceRows rows, DeviceCache cache, DeviceView qkv, DeviceView out, Optional<Kinds> kinds) {
  /**
   * Picks the rows of one kind. The results of the others are left alone.
   *
   * @param view uint8 [states], a number for each row
   * @param kind the number of the rows to take
   */
  public record Kinds(DeviceView view, int kind) {}

  /**
   * How {@link CudaKernels#attendDecode} divides a row's context.
   *
   * @param partials float32, {@link CudaKernels#partialFloats} of them
   * @param done uint32 [bucket, NH], all 0; the launch leaves them 0
   * @param splits into how many parts, 2 .. 64
   */
  public record Split(DeviceView partials, DeviceView done, int splits) {}

  /** Writes the C structure of a launch that neither divides contexts nor turns queries. */
  void write(Operation operation, MemorySegment target) {
    CudaType type = CudaType.ofActivations(operation, "qkv", qkv);
    rows.write(operation, mor4j_cuda_attend_args.rows(target));
    cache.write(operation, mor4j_cuda_attend_args.cache(target), rows);
    mor4j_cuda_attend_args.qkv(
        target, qkv.pointer(operation, "qkv", type.element(), rows.bucket() * cache.qkvNumbers()));
    mor4j_cuda_attend_args.out(
        target, out.pointer(operation, "out", type.element(), rows.bucket() * cache.outNumbers()));
    mor4j_cuda_attend_args.splits(target, 1);
    mor4j_cuda_attend_args.type(target, type.code());
    if (kinds.isPresent()) {
      mor4j_cuda_attend_args.kinds(
          target, kinds.get().view().pointer(operation, "kinds", Element.UINT8, rows.states()));
      mor4j_cuda_attend_args.kind(target, kinds.get().kind());
    }
  }

  /** Writes the C structure of a launch for rows of different sequences. */
  void write(
      Operation operation,
      MemorySegment target,
      Optional<Split> split,
      Optional<Rotation> rotation) {
    write(operation, target);
    split.ifPresent(parts -> writeSplit(operation, target, parts));
    rotation.ifPresent(turns -> writeRotation(operation, target, turns));
  }

  private void writeSplit(Operation operation, MemorySegment target, Split split) {
    int heads = cache.heads().queries();
    long floats =
        CudaKernels.partialFloats(rows.bucket(), heads, cache.heads().headDim(), split.splits());
    mor4j_cuda_attend_args.partials(
        target, split.partials().pointer(operation, "partials", Element.F32, floats));
    mor4j_cuda_attend_args.done(
        target,
        split.done().pointer(operation, "done", Element.UINT32, (long) rows.bucket() * heads));
    mor4j_cuda_attend_args.splits(target, split.splits());
  }

  private void writeRotation(Operation operation, MemorySegment target, Rotation rotation) {
    mor4j_cuda_attend_args.positions(
        target, rotation.positions().pointer(operation, "positions", Element.INT32, rows.states()));
    mor4j_cuda_attend_args.inverse_frequencies(
        target,
        rotation
            .inverseFrequencies()
            .pointer(operation, "inverse_frequencies", Element.F32, cache.heads().headDim() / 2));
  }
}
