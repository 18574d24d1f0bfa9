package dev.mor4j.bindings.cuda.library;

import java.util.List;
import java.util.stream.Stream;

/**
 * The functions that the generated bindings call: all of them are looked up when the libraries are
 * loaded, so that one that is missing is told then, and not by the first call.
 */
final class CudaSymbols {
  /** Of the CUDA runtime. */
  static final List<String> RUNTIME =
      List.of(
          "cudaGetDeviceCount",
          "cudaGetDevice",
          "cudaSetDevice",
          "cudaGetDeviceProperties",
          "cudaDeviceGetAttribute",
          "cudaMemGetInfo",
          "cudaDriverGetVersion",
          "cudaRuntimeGetVersion",
          "cudaGetErrorName",
          "cudaGetErrorString",
          "cudaGetLastError",
          "cudaMalloc",
          "cudaFree",
          "cudaHostAlloc",
          "cudaFreeHost",
          "cudaMemcpyAsync",
          "cudaMemsetAsync",
          "cudaStreamCreateWithFlags",
          "cudaStreamDestroy",
          "cudaStreamSynchronize",
          "cudaStreamWaitEvent",
          "cudaEventCreateWithFlags",
          "cudaEventDestroy",
          "cudaEventRecord",
          "cudaEventQuery",
          "cudaEventSynchronize",
          "cudaEventElapsedTime",
          "cudaStreamBeginCapture",
          "cudaStreamEndCapture",
          "cudaGraphInstantiate",
          "cudaGraphLaunch",
          "cudaGraphDestroy",
          "cudaGraphExecDestroy",
          "cudaGraphGetNodes");

  /** Of cuBLAS, cuBLASLt and our kernels. */
  static final List<String> OTHERS =
      List.of(
          "cublasCreate_v2",
          "cublasDestroy_v2",
          "cublasSetStream_v2",
          "cublasSetWorkspace_v2",
          "cublasSetMathMode",
          "cublasGetVersion_v2",
          "cublasGetStatusName",
          "cublasGetStatusString",
          "cublasGemmEx",
          "cublasLtCreate",
          "cublasLtDestroy",
          "cublasLtGetVersion",
          "cublasLtMatmulDescCreate",
          "cublasLtMatmulDescSetAttribute",
          "cublasLtMatmulDescDestroy",
          "cublasLtMatrixLayoutCreate",
          "cublasLtMatrixLayoutDestroy",
          "cublasLtMatmulPreferenceCreate",
          "cublasLtMatmulPreferenceSetAttribute",
          "cublasLtMatmulPreferenceDestroy",
          "cublasLtMatmulAlgoGetHeuristic",
          "cublasLtMatmul",
          "mor4j_cuda_abi_version",
          "mor4j_cuda_is_emulated",
          "mor4j_cuda_embed",
          "mor4j_cuda_gather",
          "mor4j_cuda_copy_rows",
          "mor4j_cuda_rmsnorm",
          "mor4j_cuda_rope_append",
          "mor4j_cuda_attend_decode",
          "mor4j_cuda_attend_prefill",
          "mor4j_cuda_partial_floats",
          "mor4j_cuda_silu_mul",
          "mor4j_cuda_project",
          "mor4j_cuda_dequantize",
          "mor4j_cuda_route",
          "mor4j_cuda_decide_expert",
          "mor4j_cuda_decide_token",
          "mor4j_cuda_keep_deeper",
          "mor4j_cuda_compact",
          "mor4j_cuda_scatter",
          "mor4j_cuda_scatter_route",
          "mor4j_cuda_add_gated",
          "mor4j_cuda_sample");

  private CudaSymbols() {}

  /** All of them. */
  static List<String> all() {
    return Stream.concat(RUNTIME.stream(), OTHERS.stream()).toList();
  }
}
