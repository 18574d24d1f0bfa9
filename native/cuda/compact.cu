/*
 * Which rows a recursion takes: the list of a pass without the rows that stop, in order. One block goes over the list a
 * stretch at a time. A row never moves up, and a stretch is read before any of it is written, so the list may be its
 * own result.
 */
#include "reduce.cuh"
#include "rows.cuh"

#define COMPACT_THREADS (MOST_WARPS * WARP)
#define ROUNDS 8 /* rows of a stretch that a thread looks at */
#define MOST_COMPACT_ROWS 65536

/* Rows of the lower warps of the block that are kept, by what every warp keeps; *all: of the whole block. */
__device__ static int kept_below(const int *kept, int warps, int warp, int lane, int *all)
{
    int sum = lane < warps ? kept[lane] : 0;
    for (int distance = 1; distance < WARP; distance *= 2) {
        const int lower = __shfl_up_sync(ALL_LANES, sum, distance);
        if (lane >= distance) sum += lower;
    }
    *all = __shfl_sync(ALL_LANES, sum, WARP - 1);
    const int below = __shfl_sync(ALL_LANES, sum, warp > 0 ? warp - 1 : 0);
    return warp > 0 ? below : 0;
}

__global__ void __launch_bounds__(COMPACT_THREADS) compact_list(const mor4j_cuda_compact_args args)
{
    await_previous_kernel();
    MOR4J_SHARED int kept_of_warps[2][MOST_WARPS]; /* by turns: one barrier a stretch is enough */
    const int lane = (int)threadIdx.x % WARP, warp = (int)threadIdx.x / WARP, warps = (int)blockDim.x / WARP;
    const int count = *args.rows.count < args.rows.bucket ? *args.rows.count : args.rows.bucket;
    const unsigned lower_lanes = (1u << lane) - 1u;
    int out = 0, turn = 0;
    for (int begin = 0; begin < count; begin += (int)blockDim.x * ROUNDS, turn ^= 1) {
        const int first = begin + warp * WARP * ROUNDS + lane;
        int32_t states[ROUNDS];
        unsigned keeps[ROUNDS];
#pragma unroll
        for (int j = 0; j < ROUNDS; j++) states[j] = first + j * WARP < count ? args.rows.list[first + j * WARP] : -1;
        int kept = 0;
#pragma unroll
        for (int j = 0; j < ROUNDS; j++) {
            keeps[j] = __ballot_sync(ALL_LANES, states[j] >= 0 && args.keep[states[j]] != 0);
            kept += __popc(keeps[j]);
        }
        if (lane == 0) kept_of_warps[turn][warp] = kept;
        __syncthreads();
        int all;
        int to = out + kept_below(kept_of_warps[turn], warps, warp, lane, &all);
#pragma unroll
        for (int j = 0; j < ROUNDS; j++) {
            if (keeps[j] >> lane & 1) args.out_list[to + __popc(keeps[j] & lower_lanes)] = states[j];
            to += __popc(keeps[j]);
        }
        out += all;
    }
    /* May be the count itself: all threads have read it before the first barrier, or it is 0 and stays so. */
    if (threadIdx.x == 0) *args.out_count = out;
}

int32_t mor4j_cuda_compact(const mor4j_cuda_compact_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->rows.bucket > MOST_COMPACT_ROWS) {
        return cudaErrorInvalidValue;
    }
    if (args->keep == nullptr || args->out_list == nullptr || args->out_count == nullptr) return cudaErrorInvalidValue;
    const unsigned threads = threads_for((args->rows.bucket + ROUNDS - 1) / ROUNDS, COMPACT_THREADS);
    return MOR4J_LAUNCH(compact_list, 1, threads, 0, stream, *args);
}
