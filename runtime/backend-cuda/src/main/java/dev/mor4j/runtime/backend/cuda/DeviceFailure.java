package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.status.CudaException;
import dev.mor4j.bindings.cuda.status.CudaOutOfMemoryException;
import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.device.DeviceOutOfMemoryException;

/** Turns what the bindings throw into what callers of the runtime see. */
final class DeviceFailure {
  private DeviceFailure() {}

  /**
   * The exception to throw for {@code e}: itself where no device has failed.
   *
   * @param what the device was used for: {@code KV pages}
   */
  static RuntimeException of(String what, RuntimeException e) {
    if (e instanceof CudaOutOfMemoryException full) {
      return outOfMemory(what, full);
    }
    if (e instanceof CudaException failed) {
      return new DeviceException("the GPU failed (" + what + "): " + failed.getMessage(), failed);
    }
    // A context that has failed before refuses every call with the first failure as its cause.
    if (e instanceof IllegalStateException && e.getCause() instanceof CudaException first) {
      return new DeviceException(
          "the GPU has failed before (" + first.getMessage() + "): open the model again", e);
    }
    return e;
  }

  private static DeviceOutOfMemoryException outOfMemory(String what, CudaOutOfMemoryException e) {
    String asked = e.requestedBytes() > 0 ? ": asked for " + e.requestedBytes() + " bytes, " : ": ";
    return new DeviceOutOfMemoryException(
        "no room on the GPU for "
            + what
            + asked
            + e.freeBytes()
            + " of "
            + e.totalBytes()
            + " bytes are free ("
            + e.function()
            + ")",
        e.requestedBytes(),
        e.freeBytes(),
        e);
  }
}
