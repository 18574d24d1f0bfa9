package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.runtime.memory.MemoryAccount;

/**
 * Device memory of a workspace that grows by half as much again; what it held is lost then, and its
 * address changes. Owns it. One thread at a time.
 */
final class DeviceBuffer implements AutoCloseable {
  private final CudaContext context;
  private DeviceMemory memory;

  DeviceBuffer(CudaContext context) {
    this.context = context;
  }

  /**
   * Makes room for {@code bytes} bytes. Where there is none it is left without memory, so that the
   * next call asks again.
   *
   * @return whether the address has changed
   */
  boolean reserve(long bytes) {
    if (memory != null && memory.byteSize() >= bytes) {
      return false;
    }
    long wanted = memory == null ? bytes : Math.max(bytes, memory.byteSize() / 2 * 3);
    close();
    try {
      memory = context.allocate(Math.max(16, wanted));
    } catch (RuntimeException e) {
      throw DeviceFailure.of("activations", e);
    }
    MemoryAccount.DEVICE_WORKSPACE.added(memory.byteSize());
    return true;
  }

  /** Where it begins; 0 before it is first reserved. */
  long address() {
    return memory == null ? 0 : memory.address();
  }

  DeviceMemory memory() {
    return memory;
  }

  @Override
  public void close() {
    if (memory != null) {
      long bytes = memory.byteSize();
      memory.close();
      memory = null;
      MemoryAccount.DEVICE_WORKSPACE.removed(bytes);
    }
  }
}
