/*
 * What kernels are written in: one source for nvcc and, with MOR4J_EMULATED, for the host's C++ compiler
 * (native/emulated).
 *
 *   MOR4J_LAUNCH(kernel, grid, block, dynamic_shared_bytes, stream, arguments ..)
 *                                           instead of <<< >>>; gives a cudaError_t
 *   MOR4J_SHARED type name[n];              static shared memory
 *   MOR4J_DYNAMIC_SHARED(type, name);       the launch's dynamic shared memory
 *   bf16_t, f16_t; to_float(v); from_float<T>(f)
 *                                           number types
 *   await_previous_kernel()                 the first statement of every kernel (launch.cuh)
 *   prefetch(address)                       a hint: into the second-level cache
 *
 * Kernels use threadIdx, blockIdx, blockDim, gridDim, __syncthreads, __syncwarp, __shfl_sync and its kin, __ballot_sync
 * and integer atomics as in CUDA. Vectors are loaded as uint4, uint2 or float4 from aligned addresses.
 */
#ifndef MOR4J_DEVICE_CUH
#define MOR4J_DEVICE_CUH

#include <stdint.h>

#include "mor4j_cuda.h"

#ifdef MOR4J_EMULATED
#include "cuda_emulation.h"
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#define MOR4J_SHARED __shared__
#define MOR4J_DYNAMIC_SHARED(type, name)                        \
    extern __shared__ __align__(16) unsigned char name##_raw[]; \
    type *name = reinterpret_cast<type *>(name##_raw)

#include "launch.cuh"
typedef __nv_bfloat16 bf16_t;
typedef __half f16_t;

__device__ inline float to_float(float v) { return v; }
__device__ inline float to_float(bf16_t v) { return __bfloat162float(v); }
__device__ inline float to_float(f16_t v) { return __half2float(v); }

/* To nearest, ties to even; a NaN stays one. */
template <typename T> __device__ inline T from_float(float v);
template <> __device__ inline float from_float<float>(float v) { return v; }
template <> __device__ inline bf16_t from_float<bf16_t>(float v) { return __float2bfloat16_rn(v); }
template <> __device__ inline f16_t from_float<f16_t>(float v) { return __float2half_rn(v); }
#endif

#endif
