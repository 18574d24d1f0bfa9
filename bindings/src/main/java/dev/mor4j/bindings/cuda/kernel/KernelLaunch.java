package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.Operation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;

/** Calls a launcher of the C ABI, after its arguments have been checked and written. */
final class KernelLaunch {
  private KernelLaunch() {}

  /** Checks the arguments of a launch and writes them. */
  interface Arguments {
    void write(Operation operation, MemorySegment target);
  }

  /** A launcher of the C ABI: from its arguments and a stream to a cudaError_t. */
  interface Launcher {
    int launch(MemorySegment arguments, MemorySegment stream);
  }

  /**
   * Calls a launcher.
   *
   * @param function its name
   * @param layout of the structure that it takes, which is all 0 before it is written
   */
  static void run(
      CudaStream stream,
      String function,
      MemoryLayout layout,
      Arguments arguments,
      Launcher launcher) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(layout);
      arguments.write(new Operation(stream, function), target);
      stream.context().check(function, launcher.launch(target, stream.handle()));
    }
  }
}
