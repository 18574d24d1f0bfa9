package dev.mor4j.bindings.cuda.status;

import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Memory of the current device, as cudaMemGetInfo says. */
public record MemoryInfo(int status, long freeBytes, long totalBytes) {
  /** Reads it; where that fails the bytes are 0 and the status says why. */
  public static MemoryInfo read() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
      int status = CudaRuntime.cudaMemGetInfo(free, total);
      return new MemoryInfo(
          status, free.get(ValueLayout.JAVA_LONG, 0), total.get(ValueLayout.JAVA_LONG, 0));
    }
  }
}
