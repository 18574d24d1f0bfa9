package dev.mor4j.runtime.backend.cpu;

import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.memory.NativeBuffer;
import java.lang.foreign.MemorySegment;

/**
 * Native scratch memory that grows by half as much again; what it held is lost then. One thread at
 * a time.
 */
final class GrowingBuffer implements AutoCloseable {
  private NativeBuffer buffer;

  /** At least {@code bytes} bytes. */
  MemorySegment reserve(long bytes) {
    if (buffer == null || buffer.byteSize() < bytes) {
      long wanted = buffer == null ? bytes : Math.max(bytes, buffer.byteSize() / 2 * 3);
      close();
      buffer = new NativeBuffer(MemoryAccount.WORKSPACE, Math.max(64, wanted));
    }
    return buffer.segment();
  }

  @Override
  public void close() {
    if (buffer != null) {
      buffer.close();
      buffer = null;
    }
  }
}
