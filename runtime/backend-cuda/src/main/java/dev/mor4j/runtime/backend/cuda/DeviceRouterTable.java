package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.DeviceRouter;
import dev.mor4j.runtime.backend.PreparedRouter;
import java.lang.foreign.MemorySegment;

/**
 * One router in device memory.
 *
 * @param w1 address of float32, linear [outs, H], mlp [inner, H]
 * @param w2 address of float32 [outs, inner]; 0 for a linear one
 * @param inner its hidden layer; 0 for a linear one
 * @param outs its outputs
 * @param temperature divides the input
 * @param table address of a {@code mor4j_cuda_router} that says so
 */
record DeviceRouterTable(long w1, long w2, int inner, int outs, float temperature, long table)
    implements PreparedRouter {
  DeviceRouterTable withTable(long address) {
    return new DeviceRouterTable(w1, w2, inner, outs, temperature, address);
  }

  /** Writes the router as entry {@code index} of an array in host memory. */
  void write(MemorySegment array, int index, boolean takesAll) {
    DeviceRouter.write(array, index, w1, w2, inner, outs, temperature, takesAll);
  }
}
