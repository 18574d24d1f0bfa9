package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The {@code mor4j_context} structures of this process: one for each combination of kernels, number
 * of threads and spin time, however many borrow it, so that models in one JVM do not each bring
 * threads for all processors. Owns them; the first to borrow one starts its threads, the last to
 * give it back joins them. Any thread.
 */
final class SharedContexts {
  /** What contexts are told apart by. */
  record Key(Isa isa, int threads, int spinMicroseconds) {}

  private static final Lending<Key, MemorySegment> OPEN =
      new Lending<>(SharedContexts::create, Mor4jNative::mor4j_context_destroy);

  private SharedContexts() {}

  /**
   * Lends the context of {@code key}; to be given back once with {@link #giveBack}.
   *
   * @throws IllegalArgumentException when the CPU cannot run the kernels or the number of threads
   *     is out of range
   * @throws OutOfMemoryError when the system refuses memory or threads
   */
  static MemorySegment borrow(Key key) {
    return OPEN.borrow(key);
  }

  /** Takes back what was lent; no call of the borrower may be running. */
  static void giveBack(Key key) {
    OPEN.giveBack(key);
  }

  /** How many have borrowed the context of {@code key}; 0 when there is none. */
  static int borrowers(Key key) {
    return OPEN.borrowers(key);
  }

  private static MemorySegment create(Key key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      int status =
          Mor4jNative.mor4j_context_create(
              key.isa().code(), key.threads(), key.spinMicroseconds(), out);
      if (status != Mor4jNative.MOR4J_OK()) {
        String message =
            "cannot make a context of "
                + key.isa().label()
                + " kernels and "
                + key.threads()
                + " threads: "
                + CpuContext.text(status);
        if (status == Mor4jNative.MOR4J_OUT_OF_MEMORY()) {
          // What the JVM throws where it gets no memory or no thread itself.
          throw new OutOfMemoryError(message);
        }
        throw new IllegalArgumentException(message);
      }
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }
}
