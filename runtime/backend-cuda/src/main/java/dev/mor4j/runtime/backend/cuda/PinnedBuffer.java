package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaEvent;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.PinnedMemory;
import dev.mor4j.runtime.memory.MemoryAccount;
import java.lang.foreign.MemorySegment;

/**
 * Pinned host memory that grows, with the event after which the device has done with it. Owns both.
 * One thread at a time.
 */
final class PinnedBuffer implements AutoCloseable {
  private final DeviceQueue queue;
  private final CudaEvent done;
  private PinnedMemory memory;
  private boolean inUse;

  PinnedBuffer(DeviceQueue queue) {
    this.queue = queue;
    try {
      this.done = queue.context().createUntimedEvent();
    } catch (RuntimeException e) {
      throw DeviceFailure.of("an event", e);
    }
  }

  /** Makes room for {@code bytes} bytes; what was there is lost if it grows. */
  void reserve(long bytes) {
    if (memory == null || memory.byteSize() < bytes) {
      long wanted = memory == null ? bytes : Math.max(bytes, memory.byteSize() / 2 * 3);
      release();
      try {
        memory = queue.context().allocatePinned(Math.max(64, wanted));
      } catch (RuntimeException e) {
        throw DeviceFailure.of("memory of the host that it reads", e);
      }
      MemoryAccount.PINNED.added(memory.byteSize());
    }
  }

  PinnedMemory memory() {
    return memory;
  }

  MemorySegment segment() {
    return memory.segment();
  }

  /** What was enqueued on {@code stream} until now uses this memory. */
  void usedBy(CudaStream stream) {
    stream.record(done);
    inUse = true;
  }

  /** Waits until the device has done with it. */
  void await() {
    if (inUse) {
      long start = System.nanoTime();
      try {
        done.await();
      } catch (RuntimeException e) {
        throw DeviceFailure.of("computing", e);
      }
      DeviceActivity.waited(System.nanoTime() - start);
      inUse = false;
    }
  }

  private void release() {
    if (memory != null) {
      if (!queue.context().isPoisoned()) {
        await();
      }
      long bytes = memory.byteSize();
      queue.free(memory);
      memory = null;
      MemoryAccount.PINNED.removed(bytes);
    }
  }

  @Override
  public void close() {
    release();
    done.close();
  }
}
