/* Where a running sum over numbered weights passes a target, by one block. Sums are integers, so their order does not
   matter. */
#ifndef MOR4J_WALK_CUH
#define MOR4J_WALK_CUH

#include "reduce.cuh"

#define WALK_LOADS 4 /* of a thread at a time */

typedef unsigned long long sum_t;

struct walked {
    int32_t index;
    sum_t before; /* sum of the weights before index */
    sum_t weight; /* of index                        */
};

__device__ inline sum_t warp_sum(sum_t v)
{
    for (int other = WARP / 2; other > 0; other /= 2) v += __shfl_xor_sync(ALL_LANES, v, other);
    return v;
}

/* Sum of the lanes up to this one. */
__device__ inline sum_t warp_running_sum(sum_t v)
{
    const int lane = static_cast<int>(threadIdx.x) % WARP;
    for (int distance = 1; distance < WARP; distance *= 2) {
        const sum_t theirs = __shfl_up_sync(ALL_LANES, v, distance);
        v += lane >= distance ? theirs : 0;
    }
    return v;
}

/* This lane's part of the sum of weight(index, read(index)) over [from, to). What is read is under way before it is
   weighed. */
template <typename R, typename W> __device__ inline sum_t lane_sum(int32_t from, int32_t to, R read, W weight)
{
    sum_t sum = 0;
    for (int32_t i = from + static_cast<int32_t>(threadIdx.x) % WARP; i < to; i += WALK_LOADS * WARP) {
        decltype(read(i)) values[WALK_LOADS];
#pragma unroll
        for (int j = 0; j < WALK_LOADS; j++) values[j] = read(min(i + j * WARP, to - 1));
#pragma unroll
        for (int j = 0; j < WALK_LOADS; j++) sum += i + j * WARP < to ? weight(i + j * WARP, values[j]) : 0;
    }
    return sum;
}

/*
 * The first index of [0, n) up to which weight(index, read(index)) sums to more than target_of(total of all), in
 * *found; false when the total does not. Every warp sums its share, the share that passes the target is shared out
 * again, until it is one number. All threads of the block call this and get the same; `shared` [MOST_WARPS] may be used
 * again at once.
 */
template <typename R, typename W, typename G>
__device__ inline bool walk(int32_t n, sum_t *shared, R read, W weight, G target_of, walked *found)
{
    const int32_t warps = static_cast<int32_t>(blockDim.x) / WARP, warp = static_cast<int32_t>(threadIdx.x) / WARP;
    const int32_t lane = static_cast<int32_t>(threadIdx.x) % WARP;
    sum_t target = 0, before = 0;
    for (int32_t first = 0, span = n;;) {
        const int32_t share = (span + warps - 1) / warps, from = first + warp * share;
        sum_t sum = warp_sum(lane_sum(from, min(from + share, first + span), read, weight));
        if (lane == 0) shared[warp] = sum;
        __syncthreads();
        sum = lane < warps ? shared[lane] : 0;
        __syncthreads();
        const sum_t running = warp_running_sum(sum);
        if (span == n) {
            const sum_t total = __shfl_sync(ALL_LANES, running, WARP - 1);
            target = target_of(total);
            if (target >= total) return false;
        }
        const int chosen = __ffs(static_cast<int>(__ballot_sync(ALL_LANES, before + running > target))) - 1;
        before += __shfl_sync(ALL_LANES, running - sum, chosen);
        first += chosen * share;
        span = min(share, span - chosen * share);
        if (share == 1) {
            *found = {first, before, __shfl_sync(ALL_LANES, sum, chosen)};
            return true;
        }
    }
}

#endif
