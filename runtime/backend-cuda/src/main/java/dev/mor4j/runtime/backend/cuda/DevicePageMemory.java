package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.memory.PageMemory;
import java.lang.foreign.MemorySegment;

/** KV pages in a device's memory, counted as {@link MemoryAccount#KV_POOL}. Any thread. */
final class DevicePageMemory implements PageMemory {
  private final DeviceQueue queue;

  DevicePageMemory(DeviceQueue queue) {
    this.queue = queue;
  }

  private static final class DeviceSlab implements Slab {
    private final DeviceMemory memory;
    private boolean closed;

    DeviceSlab(DeviceMemory memory) {
      this.memory = memory;
      MemoryAccount.KV_POOL.added(memory.byteSize());
    }

    @Override
    public long address() {
      return memory.address();
    }

    @Override
    public long byteSize() {
      return memory.byteSize();
    }

    @Override
    public MemorySegment segment() {
      throw new IllegalStateException("the JVM cannot read device memory");
    }

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        long bytes = memory.byteSize();
        memory.close();
        MemoryAccount.KV_POOL.removed(bytes);
      }
    }
  }

  @Override
  public Slab allocate(long bytes) {
    try {
      return new DeviceSlab(queue.context().allocate(bytes));
    } catch (RuntimeException e) {
      throw DeviceFailure.of("KV pages", e);
    }
  }

  @Override
  public long availableBytes() {
    try {
      return queue.context().freeBytes();
    } catch (RuntimeException e) {
      throw DeviceFailure.of("its free memory", e);
    }
  }

  @Override
  public void copy(Slab from, long fromOffset, Slab to, long toOffset, long bytes) {
    DeviceMemory source = ((DeviceSlab) from).memory;
    DeviceMemory target = ((DeviceSlab) to).memory;
    queue.run(stream -> stream.copyOnDevice(source, fromOffset, target, toOffset, bytes));
  }
}
