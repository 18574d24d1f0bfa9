package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.CudaReport;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The controls of the emulated device (native/emulated/emulated.h). */
final class EmulatedGpu {
  private EmulatedGpu() {}

  /** Fails where the device is not there; undoes what tests have asked for. */
  static void reset() {
    CudaReport report = CudaReport.read();
    assertThat(report.available() && report.emulated())
        .as("the emulated device, named by -Dtest.cudaLibrary: %s", report)
        .isTrue();
    memoryLimit(0);
    try {
      handle("mor4j_emulated_reset", FunctionDescriptor.ofVoid()).invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Bytes of device memory; 0 for as many as there are by default. */
  static void memoryLimit(long bytes) {
    try {
      handle("mor4j_emulated_set_memory_limit", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG))
          .invokeExact(bytes);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Bytes of device memory in use. */
  static long allocatedBytes() {
    try {
      return (long)
          handle("mor4j_emulated_allocated_bytes", FunctionDescriptor.of(ValueLayout.JAVA_LONG))
              .invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * The next execution of a kernel fails as by an illegal address, and all that follows with it.
   */
  static void failNextKernel() {
    int illegalAddress = 700;
    try (Arena arena = Arena.ofConfined()) {
      handle(
              "mor4j_emulated_fail_next",
              FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_INT))
          .invokeExact(arena.allocateFrom("execute"), illegalAddress);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker()
        .downcallHandle(SymbolLookup.loaderLookup().findOrThrow(name), descriptor);
  }
}
