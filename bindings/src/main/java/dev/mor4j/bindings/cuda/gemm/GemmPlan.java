package dev.mor4j.bindings.cuda.gemm;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.cuda.kernel.CudaType;
import dev.mor4j.bindings.generated.cuda.CublasApi;
import dev.mor4j.bindings.generated.cuda.CublasLtApi;
import dev.mor4j.bindings.generated.cuda.cublasLtMatmulHeuristicResult_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The descriptors of a {@link GemmShape} and the algorithm that cuBLASLt proposes for it; owned by
 * a {@link CublasLt}, which closes it once.
 *
 * <p>cuBLAS is column-major, where the same memory is transposed: {@code yᵀ[outs, rows] = W[ins,
 * outs]ᵀ · x[ins, rows]}.
 */
final class GemmPlan {
  /** What addresses are known to be multiples of; the heuristic assumes 256 otherwise. */
  private static final int ALIGNMENT = DeviceView.ALIGNMENT;

  private final GemmShape shape;
  private final MemorySegment operation;
  private final MemorySegment weights;
  private final MemorySegment input;
  private final MemorySegment output;
  private final MemorySegment algorithm;

  private GemmPlan(
      GemmShape shape,
      MemorySegment operation,
      MemorySegment weights,
      MemorySegment input,
      MemorySegment output,
      MemorySegment algorithm) {
    this.shape = shape;
    this.operation = operation;
    this.weights = weights;
    this.input = input;
    this.output = output;
    this.algorithm = algorithm;
  }

  /**
   * Makes the descriptors and asks for an algorithm.
   *
   * @param arena what the algorithm's description lives in
   * @param context whose device is current
   */
  static GemmPlan create(
      CudaContext context,
      Arena arena,
      MemorySegment handle,
      GemmShape shape,
      long workspaceBytes) {
    MemorySegment[] made = new MemorySegment[4];
    MemorySegment result = cublasLtMatmulHeuristicResult_t.allocate(arena);
    boolean found = false;
    boolean complete = false;
    try {
      made[0] = operation(context, shape);
      made[1] = layout(context, shape.type(), shape.ins(), shape.outs(), shape.ins());
      made[2] = layout(context, shape.type(), shape.ins(), shape.rows(), shape.ins());
      made[3] = layout(context, shape.outType(), shape.outs(), shape.rows(), shape.outStride());
      found = choose(context, handle, made, workspaceBytes, result);
      complete = true;
    } finally {
      if (!complete) {
        destroy(context, made);
      }
    }
    MemorySegment algorithm =
        found ? cublasLtMatmulHeuristicResult_t.algo(result) : MemorySegment.NULL;
    return new GemmPlan(shape, made[0], made[1], made[2], made[3], algorithm);
  }

  /** Whether cuBLASLt has an algorithm. */
  boolean hasAlgorithm() {
    return algorithm.address() != 0;
  }

  /** The number that cuBLAS has for a type. */
  static int dataType(CudaType type) {
    return switch (type) {
      case F32 -> CublasApi.CUDA_R_32F();
      case BF16 -> CublasApi.CUDA_R_16BF();
      case F16 -> CublasApi.CUDA_R_16F();
      case INT8 -> throw new IllegalArgumentException("no product of INT8");
    };
  }

  /** Sums in float32; products of float32 never by TF32, whatever the environment says. */
  static int computeType(CudaType type) {
    return type == CudaType.F32
        ? CublasApi.CUBLAS_COMPUTE_32F_PEDANTIC()
        : CublasApi.CUBLAS_COMPUTE_32F();
  }

  /** Enqueues the product; a cublasStatus_t. */
  int matmul(
      MemorySegment handle,
      GemmScalars scalars,
      MemorySegment w,
      MemorySegment x,
      MemorySegment y,
      DeviceMemory workspace,
      MemorySegment stream) {
    return CublasLtApi.cublasLtMatmul(
        handle,
        operation,
        scalars.alpha(),
        w,
        weights,
        x,
        input,
        scalars.beta(),
        y,
        output,
        y,
        output,
        algorithm,
        Pointers.of(workspace.address()),
        workspace.byteSize(),
        stream);
  }

  /** The same by cuBLAS, which chooses for itself. */
  int gemm(
      MemorySegment cublas,
      GemmScalars scalars,
      MemorySegment w,
      MemorySegment x,
      MemorySegment y) {
    return CublasApi.cublasGemmEx(
        cublas,
        CublasApi.CUBLAS_OP_T(),
        CublasApi.CUBLAS_OP_N(),
        shape.outs(),
        shape.rows(),
        shape.ins(),
        scalars.alpha(),
        w,
        dataType(shape.type()),
        shape.ins(),
        x,
        dataType(shape.type()),
        shape.ins(),
        scalars.beta(),
        y,
        dataType(shape.outType()),
        Math.toIntExact(shape.outStride()),
        computeType(shape.type()),
        CublasApi.CUBLAS_GEMM_DEFAULT());
  }

  void destroy(CudaContext context) {
    destroy(context, new MemorySegment[] {operation, weights, input, output});
  }

  private static MemorySegment operation(CudaContext context, GemmShape shape) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      context.checkCublas(
          "cublasLtMatmulDescCreate",
          CublasLtApi.cublasLtMatmulDescCreate(
              out, computeType(shape.type()), CublasApi.CUDA_R_32F()));
      MemorySegment operation = out.get(ValueLayout.ADDRESS, 0);
      MemorySegment transposed = arena.allocateFrom(ValueLayout.JAVA_INT, CublasApi.CUBLAS_OP_T());
      int status =
          CublasLtApi.cublasLtMatmulDescSetAttribute(
              operation,
              CublasLtApi.CUBLASLT_MATMUL_DESC_TRANSA(),
              transposed,
              transposed.byteSize());
      if (status != CublasApi.CUBLAS_STATUS_SUCCESS()) {
        destroy(context, new MemorySegment[] {operation, null, null, null});
      }
      context.checkCublas("cublasLtMatmulDescSetAttribute", status);
      return operation;
    }
  }

  private static MemorySegment layout(
      CudaContext context, CudaType type, long rows, long cols, long stride) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      context.checkCublas(
          "cublasLtMatrixLayoutCreate",
          CublasLtApi.cublasLtMatrixLayoutCreate(out, dataType(type), rows, cols, stride));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /** Whether there is an algorithm for the descriptors; it is written into {@code result}. */
  private static boolean choose(
      CudaContext context,
      MemorySegment handle,
      MemorySegment[] made,
      long workspaceBytes,
      MemorySegment result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      context.checkCublas(
          "cublasLtMatmulPreferenceCreate", CublasLtApi.cublasLtMatmulPreferenceCreate(out));
      MemorySegment preference = out.get(ValueLayout.ADDRESS, 0);
      try {
        prefer(context, preference, arena.allocateFrom(ValueLayout.JAVA_LONG, workspaceBytes));
        MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
        int status =
            CublasLtApi.cublasLtMatmulAlgoGetHeuristic(
                handle, made[0], made[1], made[2], made[3], made[3], preference, 1, result, count);
        if (status == CublasApi.CUBLAS_STATUS_NOT_SUPPORTED()) {
          return false;
        }
        context.checkCublas("cublasLtMatmulAlgoGetHeuristic", status);
        return count.get(ValueLayout.JAVA_INT, 0) > 0
            && cublasLtMatmulHeuristicResult_t.state(result) == CublasApi.CUBLAS_STATUS_SUCCESS();
      } finally {
        context.noteCublas(
            "cublasLtMatmulPreferenceDestroy",
            CublasLtApi.cublasLtMatmulPreferenceDestroy(preference));
      }
    }
  }

  private static void prefer(
      CudaContext context, MemorySegment preference, MemorySegment workspaceBytes) {
    set(
        context,
        preference,
        CublasLtApi.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES(),
        workspaceBytes);
    try (Arena arena = Arena.ofConfined()) {
      // Parts of a sum are added up in float32, not in the output's bfloat16.
      set(
          context,
          preference,
          CublasLtApi.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK(),
          arena.allocateFrom(
              ValueLayout.JAVA_INT, CublasLtApi.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE()));
      MemorySegment alignment = arena.allocateFrom(ValueLayout.JAVA_INT, ALIGNMENT);
      set(context, preference, CublasLtApi.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES(), alignment);
      set(context, preference, CublasLtApi.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES(), alignment);
      set(context, preference, CublasLtApi.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES(), alignment);
      set(context, preference, CublasLtApi.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES(), alignment);
    }
  }

  private static void set(
      CudaContext context, MemorySegment preference, int attribute, MemorySegment value) {
    context.checkCublas(
        "cublasLtMatmulPreferenceSetAttribute",
        CublasLtApi.cublasLtMatmulPreferenceSetAttribute(
            preference, attribute, value, value.byteSize()));
  }

  private static void destroy(CudaContext context, MemorySegment[] made) {
    if (made[0] != null) {
      context.noteCublas(
          "cublasLtMatmulDescDestroy", CublasLtApi.cublasLtMatmulDescDestroy(made[0]));
    }
    for (int i = 1; i < made.length; i++) {
      if (made[i] != null) {
        context.noteCublas(
            "cublasLtMatrixLayoutDestroy", CublasLtApi.cublasLtMatrixLayoutDestroy(made[i]));
      }
    }
  }
}
