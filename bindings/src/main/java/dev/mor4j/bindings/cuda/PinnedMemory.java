package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Page-locked host memory, owned: the only host memory that copies to and from a device take. Any
 * thread. {@link #close()} waits for the streams that copied from or to it, ends the scope of
 * {@link #segment()}, frees the memory, and may be called again; it throws {@link
 * IllegalStateException} while a native call uses the segment. A graph that copies from or to it
 * must not be running then.
 */
public final class PinnedMemory extends CudaResource {
  private final Arena scope = Arena.ofShared();
  private final CopyOnWriteArrayList<CudaStream> users = new CopyOnWriteArrayList<>();
  private final MemorySegment segment;

  private PinnedMemory(CudaContext context, long address, long bytes) {
    super(context);
    this.segment = MemorySegment.ofAddress(address).reinterpret(bytes, scope, null);
  }

  static PinnedMemory allocate(CudaContext context, long bytes) {
    Ranges.positive("pinned memory", bytes);
    context.use();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      int status = CudaRuntime.cudaHostAlloc(out, bytes, CudaRuntime.cudaHostAllocDefault());
      context.check("cudaHostAlloc", status, bytes);
      long address = out.get(ValueLayout.JAVA_LONG, 0);
      context.added(CudaMemoryKind.PINNED, bytes);
      return context.register(new PinnedMemory(context, address, bytes));
    }
  }

  /** The memory; using it after {@link #close()} is an {@link IllegalStateException}. */
  public MemorySegment segment() {
    return segment;
  }

  /** How many bytes it has. */
  public long byteSize() {
    return segment.byteSize();
  }

  /** The pointer to a byte of it, for a call that {@code stream} makes. */
  MemorySegment pointer(long offset, long bytes, CudaStream stream) {
    requireOpen();
    Ranges.check("pinned memory", offset, bytes, byteSize());
    users.addIfAbsent(stream);
    return MemorySegment.ofAddress(segment.address() + offset);
  }

  @Override
  protected void ending() {
    users.forEach(CudaStream::drain);
    scope.close();
  }

  @Override
  protected void release() {
    MemorySegment pointer = MemorySegment.ofAddress(segment.address());
    owner().note("cudaFreeHost", CudaRuntime.cudaFreeHost(pointer));
  }

  @Override
  protected void released() {
    owner().removed(CudaMemoryKind.PINNED, byteSize());
  }

  @Override
  protected String what() {
    return "pinned memory";
  }
}
