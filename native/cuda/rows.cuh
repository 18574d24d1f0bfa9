/* The rows of a pass, and launches over them. */
#ifndef MOR4J_ROWS_CUH
#define MOR4J_ROWS_CUH

#include "device.cuh"

#define MOST_GRID_Y 65535
#define ROW_THREADS 256 /* of a thread block that works on one row, or a part of it, element by element */

inline bool rows_are_valid(const mor4j_cuda_rows &rows)
{
    return rows.list != nullptr && rows.count != nullptr && rows.bucket >= 1;
}

/* Whether row i of the bucket is one of the pass. */
__device__ inline bool takes_row(const mor4j_cuda_rows &rows, int64_t i) { return i < *rows.count; }

/* The same, and which state row it is: read before the count is known, so that neither waits for the other. */
__device__ inline bool takes_row(const mor4j_cuda_rows &rows, int64_t i, int64_t *state)
{
    *state = rows.list[i];
    return i < *rows.count;
}

/* The columns of a row, N at a time, that a thread of grid_for has: first_column, then by column_step. */
template <int N> __device__ inline int64_t first_column()
{
    return ((int64_t)blockIdx.y * blockDim.x + threadIdx.x) * N;
}

template <int N> __device__ inline int64_t column_step() { return (int64_t)gridDim.y * blockDim.x * N; }

/* Threads, in whole warps, for `items` of a row: one each, up to `most`. */
inline unsigned threads_for(int64_t items, unsigned most)
{
    return items >= most ? most : static_cast<unsigned>((items + 31) / 32 * 32);
}

/* A thread block a row, and as many side by side as its `items` need; kernels stride over what is beyond. */
inline dim3 grid_for(int32_t bucket, int64_t items, unsigned threads)
{
    const int64_t parts = (items + threads - 1) / threads;
    return dim3(static_cast<unsigned>(bucket), static_cast<unsigned>(parts < MOST_GRID_Y ? parts : MOST_GRID_Y));
}

/* Whether rows of `columns` numbers can be taken N at a time: the arrays begin aligned, so the length decides. */
inline bool takes_vectors(int64_t columns, int n) { return columns % n == 0; }

#endif
