package dev.mor4j.testing;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * The controls of libmor4j_failing (native/test/failing.h), which is libmor4j with calls of the C
 * library that fail when a test asks for it. In a JVM that has loaded it. Any thread.
 */
public final class FailingLibrary {
  private FailingLibrary() {}

  /** The file, as the build makes it with its tests. */
  public static Path file() {
    return ProjectFiles.root()
        .resolve(Path.of("native", "target", "cmake", "failing"))
        .resolve(System.mapLibraryName("mor4j_failing"));
  }

  /** Counts from 1 again and fails at call {@code call}; 0 for none. */
  public static void arm(long call) {
    try {
      Controls.handle("mor4j_failing_arm", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG))
          .invokeExact(call);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Calls since it was armed. */
  public static long calls() {
    return Controls.number("mor4j_failing_calls");
  }

  /** The C function that failed since it was armed; null where none did. */
  @SuppressWarnings("restricted")
  public static String failed() {
    try {
      MemorySegment name =
          (MemorySegment)
              Controls.handle("mor4j_failing_failed", FunctionDescriptor.of(ValueLayout.ADDRESS))
                  .invokeExact();
      return name.address() == 0 ? null : name.reinterpret(Byte.MAX_VALUE).getString(0);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Pieces of memory, mutexes, conditions and threads that the library holds. */
  public static long held() {
    return Controls.number("mor4j_failing_memory")
        + Controls.number("mor4j_failing_mutexes")
        + Controls.number("mor4j_failing_conditions")
        + Controls.number("mor4j_failing_threads");
  }
}
