package dev.mor4j.bindings.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.bindings.cuda.library.CudaLibraries;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The controls of the emulated device (native/emulated/emulated.h) and copies for tests. A test
 * without the emulated device fails; it is never skipped.
 */
public final class EmulatedDevice {
  /** Not out of memory, not lasting by itself: what a test may ask for. */
  public static final int INVALID_VALUE = 1;

  public static final int ILLEGAL_ADDRESS = 700;

  private EmulatedDevice() {}

  /** Fails where the device is not there; forgets failures. */
  public static void require() {
    CudaLibraries libraries = CudaLibraries.instance();
    assertThat(libraries.isAvailable() && libraries.isEmulated())
        .as(
            "the emulated device, built by CMake's target mor4j_cuda_emulated and named by"
                + " -Dtest.cudaLibrary: %s",
            libraries.description())
        .isTrue();
    reset();
  }

  public static void reset() {
    call("mor4j_emulated_reset");
  }

  public static void failNext(String function, int code) {
    try (Arena arena = Arena.ofConfined()) {
      handle(
              "mor4j_emulated_fail_next",
              FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_INT))
          .invokeExact(arena.allocateFrom(function), code);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public static void memoryLimit(long bytes) {
    try {
      handle("mor4j_emulated_set_memory_limit", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG))
          .invokeExact(bytes);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public static long allocatedBytes() {
    return number("mor4j_emulated_allocated_bytes");
  }

  public static long liveAllocations() {
    return number("mor4j_emulated_live_allocations");
  }

  public static long launches() {
    return number("mor4j_emulated_launches");
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

  private static void call(String name) {
    try {
      handle(name, FunctionDescriptor.ofVoid()).invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static long number(String name) {
    try {
      return (long) handle(name, FunctionDescriptor.of(ValueLayout.JAVA_LONG)).invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker()
        .downcallHandle(SymbolLookup.loaderLookup().findOrThrow(name), descriptor);
  }
}
