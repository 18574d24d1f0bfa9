package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Memory of a device, owned: an address and a size, nothing that the JVM could dereference. Any
 * thread. {@link #close()} frees it once what uses it on the device is done (cudaFree waits), and
 * may be called again.
 */
public final class DeviceMemory extends CudaResource {
  private final long address;
  private final long byteSize;

  private DeviceMemory(CudaContext context, long address, long byteSize) {
    super(context);
    this.address = address;
    this.byteSize = byteSize;
  }

  static DeviceMemory allocate(CudaContext context, long bytes) {
    Ranges.positive("device memory", bytes);
    context.use();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      context.check("cudaMalloc", CudaRuntime.cudaMalloc(out, bytes), bytes);
      long address = out.get(ValueLayout.JAVA_LONG, 0);
      context.added(CudaMemoryKind.DEVICE, bytes);
      return context.register(new DeviceMemory(context, address, bytes));
    }
  }

  /**
   * Where it begins.
   *
   * @throws IllegalStateException when it is closed
   */
  public long address() {
    requireOpen();
    return address;
  }

  /**
   * The address of a byte of it.
   *
   * @throws IndexOutOfBoundsException when {@code offset} is not in 0 .. {@link #byteSize()}
   */
  public long address(long offset) {
    Ranges.check("device memory", offset, 0, byteSize);
    return address() + offset;
  }

  /** How many bytes it has. */
  public long byteSize() {
    return byteSize;
  }

  @Override
  protected void release() {
    owner().note("cudaFree", CudaRuntime.cudaFree(Pointers.of(address)));
  }

  @Override
  protected void released() {
    owner().removed(CudaMemoryKind.DEVICE, byteSize);
  }

  @Override
  protected String what() {
    return "device memory";
  }
}
