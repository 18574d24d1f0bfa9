package dev.mor4j.runtime.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A counted piece of native memory, zeroed, aligned to 64 bytes. Owns it; {@link #close()} gives it
 * back and may be called again; using {@link #segment()} after that is an {@link
 * IllegalStateException}. Any thread may use it.
 */
public final class NativeBuffer implements AutoCloseable {
  private static final long ALIGNMENT = 64;

  private final MemoryAccount account;
  private final Arena arena;
  private final MemorySegment segment;
  private boolean closed;

  @SuppressWarnings("MustBeClosedChecker") // owned by this object, closed with it
  public NativeBuffer(MemoryAccount account, long bytes) {
    this.account = account;
    this.arena = Arena.ofShared();
    MemorySegment allocated;
    try {
      allocated = arena.allocate(bytes, ALIGNMENT);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
    this.segment = allocated;
    account.added(bytes);
  }

  public MemorySegment segment() {
    return segment;
  }

  /** Bytes held. */
  public long byteSize() {
    return segment.byteSize();
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      arena.close();
      account.removed(segment.byteSize());
    }
  }
}
