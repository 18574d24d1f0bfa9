package dev.mor4j.bindings.cuda.status;

import dev.mor4j.bindings.generated.cuda.CublasApi;
import dev.mor4j.bindings.generated.cuda.CudaRuntime;

/** Turns the status of a call into an exception. */
public final class CudaStatus {
  private CudaStatus() {}

  /** The exception for a cudaError_t that is not success. */
  public static CudaException failure(String function, int status, long requestedBytes) {
    String name = CudaRuntime.cudaGetErrorName(status).getString(0);
    String text = CudaRuntime.cudaGetErrorString(status).getString(0);
    CudaException failure =
        status == CudaRuntime.cudaErrorMemoryAllocation()
            ? outOfMemory(function, status, name, text, requestedBytes)
            : new CudaException(function, status, name, text);
    // Otherwise the next launch of this thread, for another model, would report it again.
    CudaRuntime.cudaGetLastError();
    return failure;
  }

  /** The exception for a cublasStatus_t that is not success. */
  public static CudaException cublasFailure(String function, int status) {
    String name = CublasApi.cublasGetStatusName(status).getString(0);
    String text = CublasApi.cublasGetStatusString(status).getString(0);
    return status == CublasApi.CUBLAS_STATUS_ALLOC_FAILED()
        ? outOfMemory(function, status, name, text, 0)
        : new CudaException(function, status, name, text);
  }

  /** Throws where the status is not success, outside of any context. */
  public static void require(String function, int status) {
    if (status != CudaRuntime.cudaSuccess()) {
      throw failure(function, status, 0);
    }
  }

  private static CudaOutOfMemoryException outOfMemory(
      String function, int status, String name, String text, long requestedBytes) {
    MemoryInfo memory = MemoryInfo.read();
    return new CudaOutOfMemoryException(
        function, status, name, text, requestedBytes, memory.freeBytes(), memory.totalBytes());
  }
}
