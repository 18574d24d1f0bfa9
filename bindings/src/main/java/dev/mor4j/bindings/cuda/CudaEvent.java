package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.cuda.status.CudaException;
import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A place in a stream's work, recorded with {@link CudaStream#record}; owned. An event that was
 * never recorded is done. One thread at a time. {@link #close()} may be called again.
 */
public final class CudaEvent extends CudaResource {
  private final MemorySegment handle;

  private CudaEvent(CudaContext context, MemorySegment handle) {
    super(context);
    this.handle = handle;
  }

  static CudaEvent create(CudaContext context, int flags) {
    context.use();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      context.check("cudaEventCreateWithFlags", CudaRuntime.cudaEventCreateWithFlags(out, flags));
      return context.register(new CudaEvent(context, out.get(ValueLayout.ADDRESS, 0)));
    }
  }

  /**
   * Whether the work before the place where it was recorded last is done.
   *
   * @throws CudaException when that work, or any other of the device, has failed
   */
  public boolean isDone() {
    use();
    int status = CudaRuntime.cudaEventQuery(handle);
    if (status == CudaRuntime.cudaErrorNotReady()) {
      // The runtime keeps this as an error, and the next launch would seem to have failed.
      CudaRuntime.cudaGetLastError();
      return false;
    }
    owner().check("cudaEventQuery", status);
    return true;
  }

  /**
   * Waits until {@link #isDone()}.
   *
   * @throws CudaException as there
   */
  public void await() {
    use();
    owner().check("cudaEventSynchronize", CudaRuntime.cudaEventSynchronize(handle));
  }

  /**
   * Milliseconds on the device from {@code start} to this event; waits for both. Both must have
   * been recorded and have time stamps.
   */
  public double millisecondsSince(CudaEvent start) {
    requireSameContext(start);
    start.await();
    await();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_FLOAT);
      owner()
          .check(
              "cudaEventElapsedTime", CudaRuntime.cudaEventElapsedTime(out, start.handle, handle));
      return out.get(ValueLayout.JAVA_FLOAT, 0);
    }
  }

  MemorySegment handle() {
    requireOpen();
    return handle;
  }

  @Override
  protected void release() {
    owner().note("cudaEventDestroy", CudaRuntime.cudaEventDestroy(handle));
  }

  @Override
  protected String what() {
    return "CUDA event";
  }
}
