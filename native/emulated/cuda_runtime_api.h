/*
 * The part of CUDA's runtime API that the emulated device has, with the names, argument lists and values of CUDA 13.
 * Stands in for the toolkit's header of the same name where there is none.
 */
#ifndef MOR4J_EMULATED_CUDA_RUNTIME_API_H
#define MOR4J_EMULATED_CUDA_RUNTIME_API_H

#include <stddef.h>

#define MOR4J_EMULATED_API __attribute__((visibility("default")))

#define cudaHostAllocDefault 0x00
#define cudaStreamDefault 0x00
#define cudaStreamNonBlocking 0x01
#define cudaEventDefault 0x00
#define cudaEventDisableTiming 0x02

typedef enum cudaError {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInitializationError = 3,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorInvalidMemcpyDirection = 21,
    cudaErrorInsufficientDriver = 35,
    cudaErrorNoDevice = 100,
    cudaErrorInvalidDevice = 101,
    cudaErrorNoKernelImageForDevice = 209,
    cudaErrorECCUncorrectable = 214,
    cudaErrorInvalidResourceHandle = 400,
    cudaErrorIllegalState = 401,
    cudaErrorNotReady = 600,
    cudaErrorIllegalAddress = 700,
    cudaErrorLaunchOutOfResources = 701,
    cudaErrorLaunchTimeout = 702,
    cudaErrorAssert = 710,
    cudaErrorHardwareStackError = 714,
    cudaErrorIllegalInstruction = 715,
    cudaErrorMisalignedAddress = 716,
    cudaErrorInvalidAddressSpace = 717,
    cudaErrorInvalidPc = 718,
    cudaErrorLaunchFailure = 719,
    cudaErrorNotSupported = 801,
    cudaErrorStreamCaptureUnsupported = 900,
    cudaErrorStreamCaptureInvalidated = 901,
    cudaErrorStreamCaptureMerge = 902,
    cudaErrorStreamCaptureUnmatched = 903,
    cudaErrorStreamCaptureUnjoined = 904,
    cudaErrorStreamCaptureIsolation = 905,
    cudaErrorStreamCaptureImplicit = 906,
    cudaErrorCapturedEvent = 907,
    cudaErrorStreamCaptureWrongThread = 908,
    cudaErrorUnknown = 999
} cudaError_t;

enum cudaMemcpyKind {
    cudaMemcpyHostToHost = 0,
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
    cudaMemcpyDeviceToDevice = 3,
    cudaMemcpyDefault = 4
};

enum cudaStreamCaptureStatus {
    cudaStreamCaptureStatusNone = 0,
    cudaStreamCaptureStatusActive = 1,
    cudaStreamCaptureStatusInvalidated = 2
};

enum cudaStreamCaptureMode {
    cudaStreamCaptureModeGlobal = 0,
    cudaStreamCaptureModeThreadLocal = 1,
    cudaStreamCaptureModeRelaxed = 2
};

enum cudaDeviceAttr {
    cudaDevAttrMaxThreadsPerBlock = 1,
    cudaDevAttrMaxBlockDimX = 2,
    cudaDevAttrMaxBlockDimY = 3,
    cudaDevAttrMaxBlockDimZ = 4,
    cudaDevAttrMaxGridDimX = 5,
    cudaDevAttrMaxGridDimY = 6,
    cudaDevAttrMaxGridDimZ = 7,
    cudaDevAttrMaxSharedMemoryPerBlock = 8,
    cudaDevAttrWarpSize = 10,
    cudaDevAttrClockRate = 13,
    cudaDevAttrMultiProcessorCount = 16,
    cudaDevAttrIntegrated = 18,
    cudaDevAttrMemoryClockRate = 36,
    cudaDevAttrGlobalMemoryBusWidth = 37,
    cudaDevAttrL2CacheSize = 38,
    cudaDevAttrMaxThreadsPerMultiProcessor = 39,
    cudaDevAttrUnifiedAddressing = 41,
    cudaDevAttrComputeCapabilityMajor = 75,
    cudaDevAttrComputeCapabilityMinor = 76,
    cudaDevAttrMaxSharedMemoryPerMultiprocessor = 81,
    cudaDevAttrMaxSharedMemoryPerBlockOptin = 97
};

/* The rest of the structure is left as it is: callers of the emulated device may ask for the name only. */
struct cudaDeviceProp {
    char name[256];
};

typedef struct CUstream_st *cudaStream_t;
typedef struct CUevent_st *cudaEvent_t;
typedef struct CUgraph_st *cudaGraph_t;
typedef struct CUgraphNode_st *cudaGraphNode_t;
typedef struct CUgraphExec_st *cudaGraphExec_t;

#ifdef __cplusplus
extern "C" {
#endif

MOR4J_EMULATED_API cudaError_t cudaGetDeviceCount(int *count);
MOR4J_EMULATED_API cudaError_t cudaGetDevice(int *device);
MOR4J_EMULATED_API cudaError_t cudaSetDevice(int device);
MOR4J_EMULATED_API cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *prop, int device);
MOR4J_EMULATED_API cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attr, int device);
MOR4J_EMULATED_API cudaError_t cudaMemGetInfo(size_t *free, size_t *total);
MOR4J_EMULATED_API cudaError_t cudaDriverGetVersion(int *driverVersion);
MOR4J_EMULATED_API cudaError_t cudaRuntimeGetVersion(int *runtimeVersion);

MOR4J_EMULATED_API const char *cudaGetErrorName(cudaError_t error);
MOR4J_EMULATED_API const char *cudaGetErrorString(cudaError_t error);
MOR4J_EMULATED_API cudaError_t cudaGetLastError(void);
MOR4J_EMULATED_API cudaError_t cudaPeekAtLastError(void);

MOR4J_EMULATED_API cudaError_t cudaMalloc(void **devPtr, size_t size);
MOR4J_EMULATED_API cudaError_t cudaFree(void *devPtr);
MOR4J_EMULATED_API cudaError_t cudaHostAlloc(void **pHost, size_t size, unsigned int flags);
MOR4J_EMULATED_API cudaError_t cudaFreeHost(void *ptr);
MOR4J_EMULATED_API cudaError_t cudaMemcpy(void *dst, const void *src, size_t count, enum cudaMemcpyKind kind);
MOR4J_EMULATED_API cudaError_t cudaMemcpyAsync(void *dst, const void *src, size_t count, enum cudaMemcpyKind kind,
                                               cudaStream_t stream);
MOR4J_EMULATED_API cudaError_t cudaMemsetAsync(void *devPtr, int value, size_t count, cudaStream_t stream);

MOR4J_EMULATED_API cudaError_t cudaDeviceSynchronize(void);
MOR4J_EMULATED_API cudaError_t cudaStreamCreateWithFlags(cudaStream_t *pStream, unsigned int flags);
MOR4J_EMULATED_API cudaError_t cudaStreamDestroy(cudaStream_t stream);
MOR4J_EMULATED_API cudaError_t cudaStreamSynchronize(cudaStream_t stream);
MOR4J_EMULATED_API cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags);
MOR4J_EMULATED_API cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned int flags);
MOR4J_EMULATED_API cudaError_t cudaEventDestroy(cudaEvent_t event);
MOR4J_EMULATED_API cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
MOR4J_EMULATED_API cudaError_t cudaEventQuery(cudaEvent_t event);
MOR4J_EMULATED_API cudaError_t cudaEventSynchronize(cudaEvent_t event);
MOR4J_EMULATED_API cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t end);

MOR4J_EMULATED_API cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode);
MOR4J_EMULATED_API cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *pGraph);
MOR4J_EMULATED_API cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *pCaptureStatus);
MOR4J_EMULATED_API cudaError_t cudaGraphInstantiate(cudaGraphExec_t *pGraphExec, cudaGraph_t graph,
                                                    unsigned long long flags);
MOR4J_EMULATED_API cudaError_t cudaGraphLaunch(cudaGraphExec_t graphExec, cudaStream_t stream);
MOR4J_EMULATED_API cudaError_t cudaGraphDestroy(cudaGraph_t graph);
MOR4J_EMULATED_API cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graphExec);
MOR4J_EMULATED_API cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *numNodes);

#ifdef __cplusplus
}
#endif

#endif
