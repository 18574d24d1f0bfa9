/* What the end of a pass makes of N columns of a row. */
#ifndef MOR4J_SCATTER_CUH
#define MOR4J_SCATTER_CUH

#include "numbers.cuh"

/* A row of a scatter. */
struct scatter_row {
    const float *y;
    const void *residual; /* or NULL */
    float *x;
    float gate; /* where `add`; one of 0 leaves x alone, so that not even NaN gets through */
    bool add;
};

__device__ inline scatter_row scatter_row_of(const mor4j_cuda_scatter_args &args, int64_t i, int64_t state,
                                             size_t residual_size)
{
    const char *residual = static_cast<const char *>(args.residual);
    const float gate = args.add && args.gates != nullptr ? args.gates[state] : 1.0f;
    return {args.y + i * args.hidden, residual == nullptr ? nullptr : residual + i * args.hidden * residual_size,
            args.x + state * args.hidden, gate, args.add != 0};
}

/* x [N]: what the columns from `column` on have become. */
template <typename T, int N>
__device__ inline void scatter_columns(const scatter_row &row, int64_t column, float (&x)[N])
{
    if (row.add) {
        load(row.x + column, x);
        if (row.gate == 0.0f) return;
    }
    float v[N];
    load(row.y + column, v);
    if (row.residual != nullptr) {
        float added[N];
        load(static_cast<const T *>(row.residual) + column, added);
#pragma unroll
        for (int j = 0; j < N; j++) v[j] += added[j];
    }
#pragma unroll
    for (int j = 0; j < N; j++) x[j] = row.add ? fmaf(row.gate, v[j], x[j]) : v[j];
    store(row.x + column, x);
}

#endif
