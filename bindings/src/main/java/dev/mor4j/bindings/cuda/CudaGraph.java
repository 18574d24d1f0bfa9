package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Work that a stream captured ({@link CudaStream#capture}), ready to be launched as a whole any
 * number of times; owned. Addresses are those of the capture, so the memory has to be open as long
 * as the graph is launched, and a launch checks that. One thread at a time. {@link #close()} may be
 * called again; what was launched still runs to its end.
 */
public final class CudaGraph extends CudaResource {
  private final MemorySegment exec;
  private final int nodeCount;
  private final List<CudaResource> used;

  /** {@link CudaContext#closings} when all that is used was last seen open. */
  private long seenClosings;

  private CudaGraph(
      CudaContext context, MemorySegment exec, int nodeCount, List<CudaResource> used) {
    super(context);
    this.exec = exec;
    this.nodeCount = nodeCount;
    this.used = used;
    // Something may have been closed since it was captured: the first launch looks.
    this.seenClosings = -1;
  }

  /**
   * Makes the captured template launchable; the template stays the caller's.
   *
   * @param used what its work uses
   */
  static CudaGraph instantiate(
      CudaContext context, MemorySegment template, List<CudaResource> used) {
    context.use();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
      context.check(
          "cudaGraphGetNodes", CudaRuntime.cudaGraphGetNodes(template, MemorySegment.NULL, count));
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      context.check("cudaGraphInstantiate", CudaRuntime.cudaGraphInstantiate(out, template, 0));
      return context.register(
          new CudaGraph(
              context,
              out.get(ValueLayout.ADDRESS, 0),
              Math.toIntExact(count.get(ValueLayout.JAVA_LONG, 0)),
              used));
    }
  }

  /**
   * Enqueues all of it.
   *
   * @throws IllegalStateException where memory or an event that it uses has been closed
   */
  public void launch(CudaStream stream) {
    requireSameContext(stream);
    use();
    requireUsedOpen();
    owner().check("cudaGraphLaunch", CudaRuntime.cudaGraphLaunch(exec, stream.handle()));
  }

  /** Looks at each only where something of the context was closed since the last launch. */
  private void requireUsedOpen() {
    long closings = owner().closings();
    if (closings != seenClosings) {
      for (CudaResource resource : used) {
        if (!resource.isOpen()) {
          throw new IllegalStateException(
              "the CUDA graph uses " + resource.what() + " that is closed");
        }
      }
      seenClosings = closings;
    }
  }

  /** Its nodes: kernel launches, copies and fills. */
  public int nodeCount() {
    return nodeCount;
  }

  @Override
  protected void release() {
    owner().note("cudaGraphExecDestroy", CudaRuntime.cudaGraphExecDestroy(exec));
  }

  @Override
  protected String what() {
    return "CUDA graph";
  }
}
