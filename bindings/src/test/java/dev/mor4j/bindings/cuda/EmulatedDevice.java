package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.cuda.library.CudaLibraries;
import dev.mor4j.testing.EmulatedGpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Arrays on the emulated device, for tests. Its controls are those of {@link EmulatedGpu}. A test
 * without the emulated device fails; it is never skipped.
 */
public final class EmulatedDevice {
  private EmulatedDevice() {}

  /** Fails where the device is not there; undoes what tests have asked for. */
  public static void require() {
    CudaLibraries libraries = CudaLibraries.instance();
    EmulatedGpu.require(libraries.isAvailable() && libraries.isEmulated(), libraries.description());
  }

  /** Device memory with these floats, written at once. */
  public static DeviceMemory floats(CudaStream stream, float... values) {
    return bytes(stream, MemorySegment.ofArray(values));
  }

  public static DeviceMemory ints(CudaStream stream, int... values) {
    return bytes(stream, MemorySegment.ofArray(values));
  }

  public static DeviceMemory bytes(CudaStream stream, MemorySegment values) {
    DeviceMemory memory = stream.context().allocate(values.byteSize());
    try (CudaUpload upload = new CudaUpload(stream, 64)) {
      upload.copy(values, memory, 0);
    }
    return memory;
  }

  public static float[] floats(CudaStream stream, DeviceMemory memory) {
    return read(stream, memory, ValueLayout.JAVA_FLOAT).toArray(ValueLayout.JAVA_FLOAT);
  }

  public static int[] ints(CudaStream stream, DeviceMemory memory) {
    return read(stream, memory, ValueLayout.JAVA_INT).toArray(ValueLayout.JAVA_INT);
  }

  public static byte[] bytes(CudaStream stream, DeviceMemory memory) {
    return read(stream, memory, ValueLayout.JAVA_BYTE).toArray(ValueLayout.JAVA_BYTE);
  }

  private static MemorySegment read(CudaStream stream, DeviceMemory memory, MemoryLayout element) {
    try (PinnedMemory host = stream.context().allocatePinned(memory.byteSize())) {
      stream.copyToHost(memory, 0, host, 0, memory.byteSize());
      stream.synchronize();
      MemorySegment copy = Arena.ofAuto().allocate(memory.byteSize(), element.byteAlignment());
      return copy.copyFrom(host.segment());
    }
  }
}
