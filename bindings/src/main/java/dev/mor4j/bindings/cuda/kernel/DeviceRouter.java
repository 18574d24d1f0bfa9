package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_router;
import java.lang.foreign.MemorySegment;

/**
 * A router in an array with one for each recursion.
 *
 * <pre>
 *   0     8     16      20     24            28          32
 *   | w1  | w2  | inner | outs | temperature | takes_all |
 * </pre>
 */
public final class DeviceRouter {
  /** Bytes of an entry. */
  public static final long BYTES = mor4j_cuda_router.sizeof();

  private DeviceRouter() {}

  /**
   * Writes an entry of an array in host memory.
   *
   * @param array the array, native memory aligned to 8 bytes
   * @param index which entry
   * @param w1 address of T [outs, H]; of an MLP [inner, H]
   * @param w2 address of T [outs, inner] of an MLP, else 0
   * @param inner inner size of an MLP, else 0
   * @param outs outputs, at most {@link CudaKernels#MAX_OUTPUTS}
   * @param temperature the input is divided by it
   * @param takesAll whether every row takes part, whatever the router says
   */
  public static void write(
      MemorySegment array,
      long index,
      long w1,
      long w2,
      int inner,
      int outs,
      float temperature,
      boolean takesAll) {
    MemorySegment target = mor4j_cuda_router.asSlice(array, index);
    mor4j_cuda_router.w1(target, Pointers.of(w1));
    mor4j_cuda_router.w2(target, Pointers.of(w2));
    mor4j_cuda_router.inner(target, inner);
    mor4j_cuda_router.outs(target, outs);
    mor4j_cuda_router.temperature(target, temperature);
    mor4j_cuda_router.takes_all(target, takesAll ? 1 : 0);
  }
}
