package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.cuda.status.CudaException;
import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * A queue of work for a device, done in order; owned. Everything but {@link #synchronize()} only
 * enqueues, so the caller keeps the memory that a call names until the work is done. That the
 * memory is open and has the bytes is checked when the work is enqueued. One thread at a time.
 * {@link #close()} waits for the work and may be called again.
 */
public final class CudaStream extends CudaResource {
  private final MemorySegment handle;

  /** What the work of a capture uses, by identity; empty but while capturing. */
  private final Set<CudaResource> captured = Collections.newSetFromMap(new IdentityHashMap<>());

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
    MemorySegment target = pointer(to, toOffset, bytes);
    copy(pointer(from, fromOffset, bytes), target, bytes, CudaRuntime.cudaMemcpyHostToDevice());
  }

  /** Copies from the device to the host. */
  public void copyToHost(
      DeviceMemory from, long fromOffset, PinnedMemory to, long toOffset, long bytes) {
    MemorySegment source = pointer(from, fromOffset, bytes);
    copy(source, pointer(to, toOffset, bytes), bytes, CudaRuntime.cudaMemcpyDeviceToHost());
  }

  /** Copies the first {@code count} elements of a view to the host. */
  public void copyToHost(DeviceView from, long count, PinnedMemory to, long toOffset) {
    long bytes = Math.multiplyExact(count, from.element().bytes());
    Ranges.check("a view", 0, bytes, from.bytes());
    copyToHost(from.owner(), from.offset(), to, toOffset, bytes);
  }

  /** Copies inside the device; the places must not overlap. */
  public void copyOnDevice(
      DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes) {
    MemorySegment source = pointer(from, fromOffset, bytes);
    copy(source, pointer(to, toOffset, bytes), bytes, CudaRuntime.cudaMemcpyDeviceToDevice());
  }

  /** Sets bytes. */
  public void fill(DeviceMemory memory, long offset, byte value, long bytes) {
    MemorySegment target = pointer(memory, offset, bytes);
    use();
    if (bytes > 0) {
      owner().check("cudaMemsetAsync", CudaRuntime.cudaMemsetAsync(target, value, bytes, handle));
    }
  }

  /** Sets all bytes of a view. */
  public void fill(DeviceView view, byte value) {
    fill(view.owner(), view.offset(), value, view.bytes());
  }

  /** Sets the event to this place in the work. */
  public void record(CudaEvent event) {
    requireSameContext(event);
    use();
    keep(event);
    owner().check("cudaEventRecord", CudaRuntime.cudaEventRecord(event.handle(), handle));
  }

  /** What is enqueued from here on waits for the event as it was recorded last. */
  public void waitFor(CudaEvent event) {
    requireSameContext(event);
    use();
    keep(event);
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
   * Runs {@code enqueue} and makes a graph of what it enqueues on this stream, instead of doing it.
   * The graph knows the memory that its work uses. {@code enqueue} must not allocate, free or
   * synchronise. A kernel that it launches should have run once before, because its code is loaded
   * by the first launch. Where it throws, nothing is left of the capture and the exception goes on
   * to the caller.
   */
  public CudaGraph capture(Runnable enqueue) {
    use();
    requireNotCapturing("captured");
    try (Arena arena = Arena.ofConfined()) {
      // First: a capture that was begun has to be ended.
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      // Allocations of other threads stay allowed while this one captures.
      owner()
          .check(
              "cudaStreamBeginCapture",
              CudaRuntime.cudaStreamBeginCapture(
                  handle, CudaRuntime.cudaStreamCaptureModeThreadLocal()));
      int status;
      List<CudaResource> used;
      capturing = true;
      try {
        enqueue.run();
      } catch (RuntimeException | Error e) {
        abandon(out);
        throw e;
      } finally {
        capturing = false;
        used = List.copyOf(captured);
        captured.clear();
      }
      status = CudaRuntime.cudaStreamEndCapture(handle, out);
      owner().check("cudaStreamEndCapture", status);
      MemorySegment template = out.get(ValueLayout.ADDRESS, 0);
      try {
        return CudaGraph.instantiate(owner(), template, used);
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

  /** Notes for the graph that is being captured, if any, that its work uses {@code resource}. */
  public void keep(CudaResource resource) {
    if (capturing) {
      captured.add(resource);
    }
  }

  /**
   * Fails while a capture is going on.
   *
   * @param what what a stream that captures cannot be, for the message
   */
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

  /** Waits for everything that was enqueued, failed or not. Does nothing once it is closed. */
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

  private MemorySegment pointer(DeviceMemory memory, long offset, long bytes) {
    Ranges.check("device memory", offset, bytes, memory.byteSize());
    requireSameContext(memory);
    keep(memory);
    return Pointers.of(memory.address(offset));
  }

  private MemorySegment pointer(PinnedMemory memory, long offset, long bytes) {
    requireSameContext(memory);
    keep(memory);
    return memory.pointer(offset, bytes, this);
  }

  private void copy(MemorySegment from, MemorySegment to, long bytes, int kind) {
    use();
    if (bytes > 0) {
      owner().check("cudaMemcpyAsync", CudaRuntime.cudaMemcpyAsync(to, from, bytes, kind, handle));
    }
  }
}
