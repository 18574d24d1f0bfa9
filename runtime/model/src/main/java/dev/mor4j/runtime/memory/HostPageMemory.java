package dev.mor4j.runtime.memory;

import java.lang.foreign.MemorySegment;

/** KV pages in the host's memory, counted as {@link MemoryAccount#KV_POOL}. */
public final class HostPageMemory implements PageMemory {
  /** The only one. */
  public static final HostPageMemory INSTANCE = new HostPageMemory();

  private HostPageMemory() {}

  private record HostSlab(NativeBuffer buffer) implements Slab {
    @Override
    public long address() {
      return buffer.segment().address();
    }

    @Override
    public long byteSize() {
      return buffer.byteSize();
    }

    @Override
    public MemorySegment segment() {
      return buffer.segment();
    }

    @Override
    public void close() {
      buffer.close();
    }
  }

  @Override
  public Slab allocate(long bytes) {
    return new HostSlab(new NativeBuffer(MemoryAccount.KV_POOL, bytes));
  }

  @Override
  public long availableBytes() {
    return Long.MAX_VALUE;
  }

  @Override
  public void copy(Slab from, long fromOffset, Slab to, long toOffset, long bytes) {
    MemorySegment.copy(from.segment(), fromOffset, to.segment(), toOffset, bytes);
  }
}
