package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.generated.cuda.CudaRuntime;

/**
 * The device that CUDA's calls of a thread go to. Remembered for platform threads, so that a call
 * costs no second one; a virtual thread may be on another carrier each time and is told each time.
 * Code outside of this package that changes the device of a thread has to change it back.
 */
final class CurrentDevice {
  private static final ThreadLocal<int[]> CURRENT = ThreadLocal.withInitial(() -> new int[] {-1});

  private CurrentDevice() {}

  /** Makes the device the current one; a cudaError_t. */
  static int set(int ordinal) {
    if (Thread.currentThread().isVirtual()) {
      return CudaRuntime.cudaSetDevice(ordinal);
    }
    int[] current = CURRENT.get();
    if (current[0] == ordinal) {
      return CudaRuntime.cudaSuccess();
    }
    int status = CudaRuntime.cudaSetDevice(ordinal);
    current[0] = status == CudaRuntime.cudaSuccess() ? ordinal : -1;
    return status;
  }

  /** The next {@link #set} of this thread goes to CUDA whatever is remembered. */
  static void forget() {
    CURRENT.remove();
  }
}
