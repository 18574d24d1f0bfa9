package dev.mor4j.runtime.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A shared arena whose allocations are counted. Owns them; {@link #close()} gives all back and may
 * be called again. Any thread.
 */
public final class CountedArena implements Arena {
  private final MemoryAccount account;
  private final Arena arena = Arena.ofShared();
  private long bytes;
  private boolean closed;

  public CountedArena(MemoryAccount account) {
    this.account = account;
  }

  @Override
  public synchronized MemorySegment allocate(long byteSize, long byteAlignment) {
    MemorySegment segment = arena.allocate(byteSize, byteAlignment);
    bytes += byteSize;
    account.added(byteSize);
    return segment;
  }

  @Override
  public MemorySegment.Scope scope() {
    return arena.scope();
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      arena.close();
      account.removed(bytes);
    }
  }
}
