/*
 * Reductions over a warp or a block. The order follows from the lanes' numbers alone, so that a repeated launch gives
 * the same bits; every lane (of a block: every thread) gets the result. All lanes take part, and blocks are whole
 * warps.
 */
#ifndef MOR4J_REDUCE_CUH
#define MOR4J_REDUCE_CUH

#include "device.cuh"

#define WARP 32
#define ALL_LANES 0xFFFFFFFFu
#define MOST_WARPS 32 /* of a block */

__device__ inline float warp_sum(float v)
{
    for (int other = WARP / 2; other > 0; other /= 2) v += __shfl_xor_sync(ALL_LANES, v, other);
    return v;
}

__device__ inline uint32_t warp_max(uint32_t v)
{
    for (int other = WARP / 2; other > 0; other /= 2) {
        const uint32_t theirs = __shfl_xor_sync(ALL_LANES, v, other);
        v = theirs > v ? theirs : v;
    }
    return v;
}

/* The greatest number; NaN counts as less than any, and is what comes of nothing but NaN. */
__device__ inline float warp_max(float v)
{
    for (int other = WARP / 2; other > 0; other /= 2) v = fmaxf(v, __shfl_xor_sync(ALL_LANES, v, other));
    return v;
}

/* `shared` [MOST_WARPS] may be used again at once. Threads of a block of one dimension. */
__device__ inline float block_sum(float v, float *shared)
{
    const int warps = (int)blockDim.x / WARP, lane = (int)threadIdx.x % WARP;
    v = warp_sum(v);
    if (warps == 1) return v;
    if (lane == 0) shared[threadIdx.x / WARP] = v;
    __syncthreads();
    v = warp_sum(lane < warps ? shared[lane] : 0.0f);
    __syncthreads();
    return v;
}

#endif
