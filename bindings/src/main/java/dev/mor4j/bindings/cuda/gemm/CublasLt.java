package dev.mor4j.bindings.cuda.gemm;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaResource;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.cuda.status.CudaOutOfMemoryException;
import dev.mor4j.bindings.generated.cuda.CublasApi;
import dev.mor4j.bindings.generated.cuda.CublasLtApi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/**
 * Products of matrices by cuBLASLt, or by cuBLAS where cuBLASLt has no algorithm for a shape. Sums
 * are float32; float32 is never rounded to TF32. Owns the handles, a workspace on the device, and
 * the descriptors and algorithm of every shape, found once by cuBLASLt's heuristic. All products
 * share the workspace, so one thread and one stream at a time. {@link #close()} may be called
 * again.
 */
public final class CublasLt extends CudaResource {
  /** What NVIDIA advises for its newer devices. */
  public static final long DEFAULT_WORKSPACE_BYTES = 32L << 20;

  private final Arena arena;
  private final GemmScalars scalars;
  private final Map<GemmShape, GemmPlan> plans = new HashMap<>();
  private final MemorySegment handle;
  private final DeviceMemory workspace;
  private MemorySegment cublas = MemorySegment.NULL;
  private int fallbacks;

  /** With {@link #DEFAULT_WORKSPACE_BYTES}. */
  public CublasLt(CudaContext context) {
    this(context, DEFAULT_WORKSPACE_BYTES);
  }

  /**
   * @param workspaceBytes bytes on the device for algorithms to work in
   * @throws CudaOutOfMemoryException when the device has not that many bytes
   */
  @SuppressWarnings("MustBeClosedChecker") // owned by this object, closed with it
  public CublasLt(CudaContext context, long workspaceBytes) {
    super(context);
    this.arena = Arena.ofShared();
    DeviceMemory room = null;
    try (Arena out = Arena.ofConfined()) {
      this.scalars = new GemmScalars(arena);
      MemorySegment pointer = out.allocate(ValueLayout.ADDRESS);
      room = context.allocate(workspaceBytes);
      context.checkCublas("cublasLtCreate", CublasLtApi.cublasLtCreate(pointer));
      this.handle = pointer.get(ValueLayout.ADDRESS, 0);
    } catch (RuntimeException | Error e) {
      if (room != null) {
        room.close();
      }
      arena.close();
      throw e;
    }
    this.workspace = room;
    context.register(this);
  }

  /**
   * Finds and keeps the algorithm of a shape; where there is none, makes cuBLAS ready for it.
   * Allocates, so it cannot be part of a capture.
   */
  public void prepare(GemmShape shape) {
    use();
    if (plans.containsKey(shape)) {
      return;
    }
    GemmPlan plan = GemmPlan.create(owner(), arena, handle, shape, workspace.byteSize());
    plans.put(shape, plan);
    if (!plan.hasAlgorithm()) {
      createCublas();
      fallbacks++;
    }
  }

  /**
   * Enqueues {@code y = x · Wᵀ + beta · y}; with beta 0 what y was does not matter.
   *
   * @param weights W [outs, ins] of the shape's type
   * @param input x [rows, ins] of the shape's type
   * @param output y [rows, outStride] of the shape's type of outputs
   * @throws IllegalArgumentException when a view does not fit the shape, or is of another context
   * @throws IllegalStateException when the memory of one is closed, and when the stream is
   *     capturing and the shape was not prepared
   */
  public void matmul(
      CudaStream stream,
      GemmShape shape,
      DeviceView weights,
      DeviceView input,
      DeviceView output,
      float beta) {
    requireSameContext(stream);
    use();
    Operation operation = new Operation(stream, "cublasLtMatmul");
    Element type = shape.type().element();
    long ins = shape.ins();
    MemorySegment w = weights.pointer(operation, "weights", type, shape.outs() * ins);
    MemorySegment x = input.pointer(operation, "input", type, shape.rows() * ins);
    MemorySegment y =
        output.pointer(
            operation, "output", shape.outType().element(), shape.rows() * shape.outStride());
    stream.keep(workspace);
    GemmPlan plan = plans.get(shape);
    if (plan == null) {
      stream.requireNotCapturing("used for a product that is not prepared: " + shape);
      prepare(shape);
      plan = plans.get(shape);
    }
    scalars.withBeta(beta);
    if (plan.hasAlgorithm()) {
      owner()
          .checkCublas(
              "cublasLtMatmul", plan.matmul(handle, scalars, w, x, y, workspace, stream.handle()));
    } else {
      bind(stream);
      owner().checkCublas("cublasGemmEx", plan.gemm(cublas, scalars, w, x, y));
    }
  }

  /** Shapes that are prepared. */
  public int plans() {
    return plans.size();
  }

  /** How many of them cuBLASLt has no algorithm for, so that cublasGemmEx computes them. */
  public int fallbacks() {
    return fallbacks;
  }

  /** cuBLASLt's version: 130100 is 13.1.0. */
  public long version() {
    requireOpen();
    return CublasLtApi.cublasLtGetVersion();
  }

  /** Version, shapes prepared, and how many of them fell back. */
  public String description() {
    return "cuBLASLt "
        + version()
        + ", "
        + plans()
        + " shapes, "
        + fallbacks
        + " of them by cublasGemmEx, workspace of "
        + workspace.byteSize()
        + " bytes";
  }

  private void createCublas() {
    if (cublas.address() == 0) {
      try (Arena out = Arena.ofConfined()) {
        MemorySegment pointer = out.allocate(ValueLayout.ADDRESS);
        owner().checkCublas("cublasCreate", CublasApi.cublasCreate_v2(pointer));
        cublas = pointer.get(ValueLayout.ADDRESS, 0);
        // As GemmPlan asks of cuBLASLt.
        owner()
            .checkCublas(
                "cublasSetMathMode",
                CublasApi.cublasSetMathMode(
                    cublas, CublasApi.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION()));
      }
    }
  }

  /** Choosing a stream makes cuBLAS forget its workspace, so it is set again each time. */
  private void bind(CudaStream stream) {
    owner().checkCublas("cublasSetStream", CublasApi.cublasSetStream_v2(cublas, stream.handle()));
    owner()
        .checkCublas(
            "cublasSetWorkspace",
            CublasApi.cublasSetWorkspace_v2(
                cublas, Pointers.of(workspace.address()), workspace.byteSize()));
  }

  @Override
  protected void release() {
    plans.values().forEach(plan -> plan.destroy(owner()));
    if (cublas.address() != 0) {
      owner().noteCublas("cublasDestroy", CublasApi.cublasDestroy_v2(cublas));
    }
    owner().noteCublas("cublasLtDestroy", CublasLtApi.cublasLtDestroy(handle));
  }

  @Override
  protected void released() {
    plans.clear();
    workspace.close();
    arena.close();
  }

  @Override
  protected String what() {
    return "cuBLASLt handle";
  }
}
