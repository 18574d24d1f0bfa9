package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.runtime.memory.MemoryAccount;

/**
 * Device memory of a workspace that grows by half as much again; what it held is lost then, and
 * views of it are closed. Owns it. One thread at a time.
 */
final class DeviceBuffer implements AutoCloseable {
  private final CudaContext context;
  private final Element element;
  private DeviceMemory memory;
  private DeviceView view;

  /**
   * @param element what {@link #view()} is an array of
   */
  DeviceBuffer(CudaContext context, Element element) {
    this.context = context;
    this.element = element;
  }

  /**
   * Makes room for {@code count} elements. Where there is none it is left without memory, so that
   * the next call asks again.
   *
   * @return whether the memory is another one now
   */
  boolean reserve(long count) {
    long bytes = count * element.bytes();
    if (memory != null && memory.byteSize() >= bytes) {
      return false;
    }
    long wanted = memory == null ? bytes : Math.max(bytes, memory.byteSize() / 2 * 3);
    close();
    try {
      memory = context.allocate(Math.max(DeviceView.ALIGNMENT, wanted));
    } catch (RuntimeException e) {
      throw DeviceFailure.of("activations", e);
    }
    view = DeviceView.of(memory, element);
    MemoryAccount.DEVICE_WORKSPACE.added(memory.byteSize());
    return true;
  }

  /** Whether it has memory. */
  boolean isReserved() {
    return memory != null;
  }

  /**
   * All of it.
   *
   * @throws IllegalStateException before it is first reserved
   */
  DeviceView view() {
    requireReserved();
    return view;
  }

  /**
   * Its memory, for what is made of parts.
   *
   * @throws IllegalStateException before it is first reserved
   */
  DeviceMemory memory() {
    requireReserved();
    return memory;
  }

  private void requireReserved() {
    if (memory == null) {
      throw new IllegalStateException("device memory is used that was never reserved");
    }
  }

  @Override
  public void close() {
    if (memory != null) {
      long bytes = memory.byteSize();
      memory.close();
      memory = null;
      view = null;
      MemoryAccount.DEVICE_WORKSPACE.removed(bytes);
    }
  }
}
