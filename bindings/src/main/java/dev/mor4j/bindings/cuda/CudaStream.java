package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.cuda.status.CudaException;
import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A queue of work for a device, done in order; owned. Everything but {@link #synchronize()} only
 * enqueues. Memory named by an address is the caller's to keep until that work is done; of memory
 * named by its owner the bounds are checked. One thread at a time. {@link #close()} waits for the
 * work and may be called again.
 */
public final class CudaStream extends CudaResource {
  private final MemorySegment handle;
  private volatile boolean capturing;

  private CudaStream(CudaContext context, MemorySegment handle) {
    super(context);
    this.handle = handle;
  }

  static CudaStream create(CudaContext context) {
    context.use();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      int status = CudaRuntime.cudaStreamCreateWithFlags(out, CudaRuntime.cudaStreamNonBlocking());
      context.check("cudaStreamCreateWithFlags", status);
      return context.register(new CudaStream(context, out.get(ValueLayout.ADDRESS, 0)));
    }
  }

  /** The context that the stream belongs to. */
  public CudaContext context() {
    return owner();
  }

  /** Copies from the host to the device. */
  public void copyToDevice(
      PinnedMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    Ranges.check("device memory", toOffset, bytes, to.byteSize());
    requireSameContext(to);
    copyToDevice(from, fromOffset, to.address(toOffset), bytes);
  }

  /** The same to an address, of which nothing is checked. */
  public void copyToDevice(PinnedMemory from, long fromOffset, long toAddress, long bytes) {
    Ranges.address(toAddress, bytes);
    requireSameContext(from);
    MemorySegment source = from.pointer(fromOffset, bytes, this);
    copy(source, Pointers.of(toAddress), bytes, CudaRuntime.cudaMemcpyHostToDevice());
  }

  /** Copies from the device to the host. */
  public void copyToHost(
      DeviceMemory from, long fromOffset, PinnedMemory to, long toOffset, long bytes) {
    Ranges.check("device memory", fromOffset, bytes, from.byteSize());
    requireSameContext(from);
    copyToHost(from.address(fromOffset), to, toOffset, bytes);
  }

  /** The same from an address, of which nothing is checked. */
  public void copyToHost(long fromAddress, PinnedMemory to, long toOffset, long bytes) {
    Ranges.address(fromAddress, bytes);
    requireSameContext(to);
    MemorySegment target = to.pointer(toOffset, bytes, this);
    copy(Pointers.of(fromAddress), target, bytes, CudaRuntime.cudaMemcpyDeviceToHost());
  }

  /** Copies inside the device; the places must not overlap. */
  public void copyOnDevice(
      DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    Ranges.check("device memory", fromOffset, bytes, from.byteSize());
    Ranges.check("device memory", toOffset, bytes, to.byteSize());
    requireSameContext(from);
    requireSameContext(to);
    copyOnDevice(from.address(fromOffset), to.address(toOffset), bytes);
  }

  /** The same between addresses, of which nothing is checked. */
  public void copyOnDevice(long fromAddress, long toAddress, long bytes) {
    Ranges.address(fromAddress, bytes);
    Ranges.address(toAddress, bytes);
    copy(
        Pointers.of(fromAddress),
        Pointers.of(toAddress),
        bytes,
        CudaRuntime.cudaMemcpyDeviceToDevice());
  }

  /** Sets bytes. */
  public void fill(DeviceMemory memory, long offset, byte value, long bytes) {
    Ranges.check("device memory", offset, bytes, memory.byteSize());
    requireSameContext(memory);
    fill(memory.address(offset), value, bytes);
  }

  /** The same at an address, of which nothing is checked. */
  public void fill(long address, byte value, long bytes) {
    Ranges.address(address, bytes);
    use();
    if (bytes > 0) {
      owner()
          .check(
              "cudaMemsetAsync",
              CudaRuntime.cudaMemsetAsync(Pointers.of(address), value, bytes, handle));
    }
  }

  /** Sets the event to this place in the work. */
  public void record(CudaEvent event) {
    requireSameContext(event);
    use();
    owner().check("cudaEventRecord", CudaRuntime.cudaEventRecord(event.handle(), handle));
  }

  /** What is enqueued from here on waits for the event as it was recorded last. */
  public void waitFor(CudaEvent event) {
    requireSameContext(event);
    use();
    owner()
        .check("cudaStreamWaitEvent", CudaRuntime.cudaStreamWaitEvent(handle, event.handle(), 0));
  }

  /**
   * Waits for all that was enqueued.
   *
   * @throws CudaException when any of it has failed
   */
  public void synchronize() {
    use();
    requireNotCapturing("synchronised");
    owner().check("cudaStreamSynchronize", CudaRuntime.cudaStreamSynchronize(handle));
  }

  /**
   * Runs {@code enqueue}, keeps what it enqueues on this stream instead of doing it, and makes a
   * graph of it. It must not allocate, free or synchronise; a kernel that it launches should have
   * run once before, for its code is loaded by the first launch. Where it throws, nothing is left
   * of the capture and the exception goes on to the caller.
   */
  public CudaGraph capture(Runnable enqueue) {
    use();
    requireNotCapturing("captured");
    // Allocations of other threads stay allowed while this one captures.
    owner()
        .check(
            "cudaStreamBeginCapture",
            CudaRuntime.cudaStreamBeginCapture(
                handle, CudaRuntime.cudaStreamCaptureModeThreadLocal()));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      int status;
      capturing = true;
      try {
        enqueue.run();
      } catch (RuntimeException | Error e) {
        abandon(out);
        throw e;
      } finally {
        capturing = false;
      }
      status = CudaRuntime.cudaStreamEndCapture(handle, out);
      owner().check("cudaStreamEndCapture", status);
      MemorySegment template = out.get(ValueLayout.ADDRESS, 0);
      try {
        return CudaGraph.instantiate(owner(), template);
      } finally {
        owner().note("cudaGraphDestroy", CudaRuntime.cudaGraphDestroy(template));
      }
    }
  }

  /** Ends a capture that failed; its status only repeats the failure. */
  private void abandon(MemorySegment out) {
    int status = CudaRuntime.cudaStreamEndCapture(handle, out);
    MemorySegment template = out.get(ValueLayout.ADDRESS, 0);
    if (status != CudaRuntime.cudaSuccess()) {
      CudaRuntime.cudaGetLastError();
    }
    if (template.address() != 0) {
      owner().note("cudaGraphDestroy", CudaRuntime.cudaGraphDestroy(template));
    }
  }

  /** Whether a capture is going on. */
  public boolean isCapturing() {
    return capturing;
  }

  public void requireNotCapturing(String what) {
    if (capturing) {
      throw new IllegalStateException("a stream that captures cannot be " + what);
    }
  }

  /** The stream for a launch; it is usable and its device current. */
  public MemorySegment handle() {
    use();
    return handle;
  }

  /** Waits for all that was enqueued, whatever became of it; nothing where the stream is closed. */
  void drain() {
    if (isOpen() && owner().makeCurrent()) {
      owner().note("cudaStreamSynchronize", CudaRuntime.cudaStreamSynchronize(handle));
    }
  }

  @Override
  protected void release() {
    owner().note("cudaStreamSynchronize", CudaRuntime.cudaStreamSynchronize(handle));
    owner().note("cudaStreamDestroy", CudaRuntime.cudaStreamDestroy(handle));
  }

  @Override
  protected String what() {
    return "CUDA stream";
  }

  private void copy(MemorySegment from, MemorySegment to, long bytes, int kind) {
    use();
    if (bytes > 0) {
      owner().check("cudaMemcpyAsync", CudaRuntime.cudaMemcpyAsync(to, from, bytes, kind, handle));
    }
  }
}
