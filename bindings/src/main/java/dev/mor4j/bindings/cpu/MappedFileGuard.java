package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;
import dev.mor4j.bindings.library.NativeLibraries;
import dev.mor4j.runtime.weights.FaultGuard;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The handler of SIGBUS in the native library: installed with the first mapping that is guarded,
 * taken away with the last. Any thread.
 */
public final class MappedFileGuard implements FaultGuard {
  private static final MappedFileGuard INSTANCE = new MappedFileGuard();

  private MappedFileGuard() {}

  /** The guard of this process; {@link FaultGuard#NONE} without a library. */
  public static FaultGuard instance() {
    return CpuLibrary.instance().isAvailable() ? INSTANCE : FaultGuard.NONE;
  }

  @Override
  public Guarded guard(MemorySegment mapping) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment slot = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment flag = arena.allocate(ValueLayout.ADDRESS);
      int status = Mor4jNative.mor4j_guard_add(mapping, mapping.byteSize(), slot, flag);
      if (status == Mor4jNative.MOR4J_UNSUPPORTED()) {
        if (NativeLibraries.platform().startsWith("windows")) {
          // A mapped file cannot be cut there.
          return Guarded.NOTHING;
        }
        throw new IllegalStateException(
            "the handler of SIGBUS could not be installed, without which a weight file that is cut"
                + " ends the process; copy the weights (withWeights) or switch the guard off"
                + " (withFileGuard)");
      }
      if (status == Mor4jNative.MOR4J_OUT_OF_MEMORY()) {
        throw new IllegalStateException(
            "too many weight files are mapped and guarded in this process; copy the weights"
                + " (withWeights) or switch the guard off (withFileGuard)");
      }
      CpuContext.check("mor4j_guard_add", status);
      return new Slot(
          slot.get(ValueLayout.JAVA_INT, 0),
          flag.get(ValueLayout.ADDRESS, 0).reinterpret(Integer.BYTES));
    }
  }

  /** A place in the native table. */
  private static final class Slot implements Guarded {
    private final int slot;

    /** Static memory of the library. */
    private final MemorySegment flag;

    private boolean closed;

    Slot(int slot, MemorySegment flag) {
      this.slot = slot;
      this.flag = flag;
    }

    @Override
    public boolean hasFaulted() {
      // What was read before this is seen before the flag: a zero is never seen without it.
      VarHandle.acquireFence();
      return flag.get(ValueLayout.JAVA_INT, 0) != 0;
    }

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        CpuContext.check("mor4j_guard_remove", Mor4jNative.mor4j_guard_remove(slot));
      }
    }
  }
}
