package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.cuda.status.CudaStatus;
import dev.mor4j.bindings.cuda.status.MemoryInfo;
import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a device is.
 *
 * @param ordinal its number among the devices that the CUDA runtime shows
 * @param name its maker's name for it
 * @param computeMajor compute capability, before the point
 * @param computeMinor compute capability, after the point
 * @param multiprocessors SMs
 * @param totalBytes memory
 */
public record CudaDevice(
    int ordinal,
    String name,
    int computeMajor,
    int computeMinor,
    int multiprocessors,
    long totalBytes) {
  /** Holds any version's cudaDeviceProp (1008 bytes in CUDA 13.0), of which the name is read. */
  private static final long PROPERTIES_BYTES = 8192;

  private static final long NAME_BYTES = 256;

  /** The compute capability as it is written: {@code 9.0}. */
  public String computeCapability() {
    return computeMajor + "." + computeMinor;
  }

  /** Reads the facts of a device, which becomes the current one of the calling thread. */
  static CudaDevice read(int ordinal) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment properties = arena.allocate(PROPERTIES_BYTES, 16);
      CudaStatus.require(
          "cudaGetDeviceProperties", CudaRuntime.cudaGetDeviceProperties(properties, ordinal));
      MemorySegment name = properties.asSlice(0, NAME_BYTES);
      name.set(ValueLayout.JAVA_BYTE, NAME_BYTES - 1, (byte) 0);
      CurrentDevice.forget();
      CudaStatus.require("cudaSetDevice", CurrentDevice.set(ordinal));
      MemoryInfo memory = MemoryInfo.read();
      CudaStatus.require("cudaMemGetInfo", memory.status());
      return new CudaDevice(
          ordinal,
          name.getString(0),
          attribute(arena, CudaRuntime.cudaDevAttrComputeCapabilityMajor(), ordinal),
          attribute(arena, CudaRuntime.cudaDevAttrComputeCapabilityMinor(), ordinal),
          attribute(arena, CudaRuntime.cudaDevAttrMultiProcessorCount(), ordinal),
          memory.totalBytes());
    }
  }

  private static int attribute(Arena arena, int attribute, int ordinal) {
    MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
    CudaStatus.require(
        "cudaDeviceGetAttribute", CudaRuntime.cudaDeviceGetAttribute(value, attribute, ordinal));
    return value.get(ValueLayout.JAVA_INT, 0);
  }
}
