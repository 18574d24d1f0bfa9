/*
 * Launches that overlap (programmatic dependent launch, devices from compute capability 9.0 on): blocks of a kernel may
 * be set up, and what they say before await_previous_kernel() done, while the kernel before it in the stream still
 * runs. In a captured graph the edges between kernels carry it.
 *
 * await_previous_kernel() returns when the kernel before has ended and its writes can be seen. Every thread of every
 * kernel calls it first, also where it has nothing to do: a kernel that ended without would let the next one begin
 * beside the one before it. Before it only prefetches are allowed.
 */
#ifndef MOR4J_LAUNCH_CUH
#define MOR4J_LAUNCH_CUH

#include <cuda_runtime.h>
#include <stdlib.h>

#include <atomic>

#define MOR4J_LAUNCH(kernel, grid, block, shared, stream, ...) \
    launch_kernel((kernel), (grid), (block), (shared), (stream), __VA_ARGS__)

__device__ inline void await_previous_kernel()
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    cudaGridDependencySynchronize();
    /* The next kernel may be set up, and wait. Not earlier: it may be one of cuBLASLt's, and so may the one before. */
    cudaTriggerProgrammaticLaunchCompletion();
#endif
}

__device__ inline void prefetch(const void *address)
{
#ifdef __CUDA_ARCH__
    asm volatile("prefetch.global.L2 [%0];" ::"l"(address));
#endif
}

/* Of the current device; MOR4J_CUDA_OVERLAP=0 switches it off. */
inline bool launches_overlap()
{
    static const int KNOWN_DEVICES = 64;
    static std::atomic<signed char> overlap[KNOWN_DEVICES]; /* 0: not asked yet, 1: it does, -1: it does not */
    int device = 0, major = 0;
    if (cudaGetDevice(&device) != cudaSuccess || device < 0 || device >= KNOWN_DEVICES) return false;
    signed char known = overlap[device].load(std::memory_order_relaxed);
    if (known == 0) {
        const char *wanted = getenv("MOR4J_CUDA_OVERLAP");
        const bool allowed = wanted == nullptr || wanted[0] != '0';
        const bool can =
            cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess && major >= 9;
        known = allowed && can ? 1 : -1;
        overlap[device].store(known, std::memory_order_relaxed);
    }
    return known == 1;
}

template <typename... P, typename... A>
cudaError_t launch_kernel(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, void *stream, A &&...arguments)
{
    cudaLaunchAttribute overlap = {};
    overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared;
    config.stream = static_cast<cudaStream_t>(stream);
    config.attrs = &overlap;
    config.numAttrs = launches_overlap() ? 1 : 0;
    const cudaError_t status = cudaLaunchKernelEx(&config, kernel, static_cast<P>(arguments)...);
    if (status != cudaSuccess) cudaGetLastError(); /* told here, so that no later call tells it again */
    return status;
}

#endif
