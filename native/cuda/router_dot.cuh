/* A router's product with one row, by one block: what scores are computed with, in a pass's decision and at the end of
   a pass. */
#ifndef MOR4J_ROUTER_DOT_CUH
#define MOR4J_ROUTER_DOT_CUH

#include "numbers.cuh"
#include "reduce.cuh"

#define ROUTER_THREADS 128 /* of the block: the order of the sum follows from it */

/*
 * sum of w[c] * (x[c] / temperature) over the columns; columns_at(c, x) gives the N columns of the row from c on, once
 * for each and always to the same thread. Every thread gets the sum. `shared` [MOST_WARPS]
 */
template <int N, typename T, typename F>
__device__ inline float router_dot(const T *w, float temperature, int64_t columns, float *shared, F columns_at)
{
    float sum = 0.0f;
    for (int64_t c = static_cast<int64_t>(threadIdx.x) * N; c < columns; c += ROUTER_THREADS * N) {
        float weights[N], x[N];
        load(w + c, weights);
        columns_at(c, x);
#pragma unroll
        for (int j = 0; j < N; j++) sum = fmaf(weights[j], x[j] / temperature, sum);
    }
    return block_sum(sum, shared);
}

#endif
