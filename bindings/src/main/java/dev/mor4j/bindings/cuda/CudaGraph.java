package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Work that a stream captured ({@link CudaStream#capture}), ready to be launched as a whole any
 * number of times; owned. Addresses are those of the capture: the memory has to live as long as the
 * graph. One thread at a time. {@link #close()} may be called again; what was launched still runs
 * to its end.
 */
public final class CudaGraph extends CudaResource {
  private final MemorySegment exec;
  private final int nodeCount;

  private CudaGraph(CudaContext context, MemorySegment exec, int nodeCount) {
    super(context);
    this.exec = exec;
    this.nodeCount = nodeCount;
  }

  /** Makes the captured template launchable; the template stays the caller's. */
  static CudaGraph instantiate(CudaContext context, MemorySegment template) {
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
              Math.toIntExact(count.get(ValueLayout.JAVA_LONG, 0))));
    }
  }

  /** Enqueues all of it. */
  public void launch(CudaStream stream) {
    requireSameContext(stream);
    use();
    owner().check("cudaGraphLaunch", CudaRuntime.cudaGraphLaunch(exec, stream.handle()));
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
