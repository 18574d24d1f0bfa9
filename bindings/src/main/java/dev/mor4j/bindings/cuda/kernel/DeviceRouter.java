package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_router;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A router, and its entry in an array with one for each recursion. The entry has the addresses of
 * the weights: whoever writes an array keeps them open for as long as it is in use.
 *
 * <pre>
 *   0     8     16      20     24            28          32
 *   | w1  | w2  | inner | outs | temperature | takes_all |
 * </pre>
 *
 * @param w1 [outs, H]; of an MLP [inner, H]
 * @param w2 [outs, inner] of an MLP; linear ones have none
 * @param temperature the input is divided by it
 */
public record DeviceRouter(DeviceMatrix w1, Optional<DeviceMatrix> w2, float temperature) {
  /** Bytes of an entry. */
  public static final long BYTES = Element.ROUTER.bytes();

  /**
   * @throws IllegalArgumentException where it has more outputs than {@link
   *     CudaKernels#MAX_OUTPUTS}, or the matrices do not fit each other
   */
  public DeviceRouter {
    if (w2.isPresent() && w2.get().cols() != w1.rows()) {
      throw new IllegalArgumentException(
          "the second matrix of a router has "
              + w2.get().cols()
              + " columns, expected "
              + w1.rows()
              + ", the rows of the first");
    }
    long outs = w2.orElse(w1).rows();
    if (outs > CudaKernels.MAX_OUTPUTS) {
      throw new IllegalArgumentException(
          "a router of " + outs + " outputs, expected at most " + CudaKernels.MAX_OUTPUTS);
    }
  }

  /** Outputs of its hidden layer; 0 of a linear one. */
  public int inner() {
    return w2.isPresent() ? Math.toIntExact(w1.rows()) : 0;
  }

  /** Its outputs. */
  public int outs() {
    return Math.toIntExact(w2.orElse(w1).rows());
  }

  /**
   * Writes its entry of an array in host memory.
   *
   * @param array the array, native memory aligned to 8 bytes
   * @param index which entry
   * @param takesAll whether every row takes part, whatever the router says
   */
  public void write(MemorySegment array, long index, boolean takesAll) {
    MemorySegment target = mor4j_cuda_router.asSlice(array, index);
    mor4j_cuda_router.w1(target, pointer("mor4j_cuda_router: w1", w1));
    mor4j_cuda_router.w2(
        target,
        w2.map(matrix -> pointer("mor4j_cuda_router: w2", matrix)).orElse(MemorySegment.NULL));
    mor4j_cuda_router.inner(target, inner());
    mor4j_cuda_router.outs(target, outs());
    mor4j_cuda_router.temperature(target, temperature);
    mor4j_cuda_router.takes_all(target, takesAll ? 1 : 0);
  }

  private static MemorySegment pointer(String argument, DeviceMatrix matrix) {
    return matrix.data().pointer(argument, matrix.data().element(), matrix.rows() * matrix.cols());
  }
}
