package dev.mor4j.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * The controls of the emulated device (native/emulated/emulated.h). A test without the emulated
 * device fails; it is never skipped. Any thread.
 */
public final class EmulatedGpu {
  /** A failure that is neither out of memory nor lasting. */
  public static final int INVALID_VALUE = 1;

  /** There is no memory left. */
  public static final int OUT_OF_MEMORY = 2;

  /** A failure that lasts. */
  public static final int ILLEGAL_ADDRESS = 700;

  private EmulatedGpu() {}

  /**
   * Fails where the device is not there; undoes what tests have asked for.
   *
   * @param emulated whether the libraries that this JVM has loaded for CUDA are the emulated ones
   * @param report what there is instead, for the message
   */
  public static void require(boolean emulated, Object report) {
    if (!emulated) {
      throw new AssertionError(
          "expected the emulated device, built by CMake's target mor4j_cuda_emulated and named by"
              + " -Dtest.cudaLibrary, found "
              + report);
    }
    reset();
  }

  /** Forgets failures and limits that tests have asked for. */
  public static void reset() {
    memoryLimit(0);
    try {
      Controls.handle("mor4j_emulated_reset", FunctionDescriptor.ofVoid()).invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Bytes of device memory; 0 for as many as there are by default. */
  public static void memoryLimit(long bytes) {
    try {
      Controls.handle(
              "mor4j_emulated_set_memory_limit", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG))
          .invokeExact(bytes);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Bytes of device memory in use. */
  public static long allocatedBytes() {
    return Controls.number("mor4j_emulated_allocated_bytes");
  }

  /** Allocations of device memory that were not freed. */
  public static long liveAllocations() {
    return Controls.number("mor4j_emulated_live_allocations");
  }

  /** Kernels that were launched. */
  public static long launches() {
    return Controls.number("mor4j_emulated_launches");
  }

  /** The next call of {@code function} fails; {@code execute} is the next kernel. */
  public static void failNext(String function, int code) {
    MethodHandle fail =
        Controls.handle(
            "mor4j_emulated_fail_next",
            FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(function);
      fail.invokeExact(name, code);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Calls {@code first} to {@code last}, counted from now on and from 1, fail; calls are those of
   * CUDA's libraries, launches and executions of kernels. {@link #reset} ends it.
   */
  public static void failCalls(long first, long last, int code) {
    try {
      Controls.handle(
              "mor4j_emulated_fail_calls",
              FunctionDescriptor.ofVoid(
                  ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT))
          .invokeExact(first, last, code);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** The functions called since {@link #failCalls}. */
  @SuppressWarnings("restricted")
  public static List<String> calls() {
    MethodHandle called =
        Controls.handle(
            "mor4j_emulated_called",
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    List<String> names = new ArrayList<>();
    try {
      for (long call = 1; call <= Controls.number("mor4j_emulated_calls"); call++) {
        MemorySegment name = (MemorySegment) called.invokeExact(call);
        names.add(name.reinterpret(Byte.MAX_VALUE).getString(0));
      }
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    return names;
  }

  /** Streams, events, graphs, handles and descriptors that were not destroyed. */
  public static long liveObjects() {
    return Controls.number("mor4j_emulated_live_objects");
  }

  /** Frees what nobody could give back because the device had failed; nobody may use it. */
  public static void freeMemory() {
    try {
      Controls.handle("mor4j_emulated_free_memory", FunctionDescriptor.ofVoid()).invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
