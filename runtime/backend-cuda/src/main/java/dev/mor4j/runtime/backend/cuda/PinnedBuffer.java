package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaEvent;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.PinnedMemory;
import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.memory.MemoryAccount;
import java.lang.foreign.MemorySegment;

/**
 * Pinned host memory that grows, with the event after which the device has done with it. Owns both.
 * One thread at a time.
 */
final class PinnedBuffer implements AutoCloseable {
  private final DeviceQueue queue;
  private CudaEvent done;
  private PinnedMemory memory;
  private boolean inUse;

  /** Takes nothing of the device before {@link #reserve}, so that it cannot fail. */
  PinnedBuffer(DeviceQueue queue) {
    this.queue = queue;
  }

  /** Makes room for {@code bytes} bytes; what was there is lost if it grows. */
  void reserve(long bytes) {
    if (done == null) {
      try {
        done = queue.context().createUntimedEvent();
      } catch (RuntimeException e) {
        throw DeviceFailure.of("an event", e);
      }
    }
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
      awaitForFreeing();
      long bytes = memory.byteSize();
      queue.free(memory);
      memory = null;
      MemoryAccount.PINNED.removed(bytes);
    }
  }

  /** Without the queue's lock. Whether the work went well is nothing to whoever frees. */
  private void awaitForFreeing() {
    if (!queue.context().isPoisoned()) {
      try {
        await();
      } catch (DeviceException e) {
        // The context has kept it: every later call says so.
        inUse = false;
      }
    }
  }

  @Override
  public void close() {
    release();
    if (done != null) {
      done.close();
    }
  }
}
