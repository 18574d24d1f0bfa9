/*
 * The end of a pass of layers: what became of its rows, y [bucket, H] and what the last layer added, goes back to the
 * states x [states, H], in their place or added by the rows' gates. A thread block a row or a part of it.
 * Source: docs/forward-pass.md, section 5, step 4.
 */
#include "rows.cuh"
#include "scatter.cuh"

template <int N, typename T> __global__ void scatter_rows(const mor4j_cuda_scatter_args args)
{
    await_previous_kernel();
    const int64_t i = blockIdx.x;
    int64_t state;
    if (!takes_row(args.rows, i, &state)) return;
    const scatter_row row = scatter_row_of(args, i, state, sizeof(T));
    if (row.gate == 0.0f) return;
    for (int64_t col = first_column<N>(); col < args.hidden; col += column_step<N>()) {
        float x[N] = {};
        scatter_columns<T>(row, col, x);
    }
}

template <int N, typename T> static int32_t scatter(const mor4j_cuda_scatter_args &args, void *stream)
{
    const int64_t items = args.hidden / N;
    const unsigned threads = threads_for(items, ROW_THREADS);
    return MOR4J_LAUNCH((scatter_rows<N, T>), grid_for(args.rows.bucket, items, threads), threads, 0, stream, args);
}

int32_t mor4j_cuda_scatter(const mor4j_cuda_scatter_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->hidden < 1) return cudaErrorInvalidValue;
    if (!is_float_type(args->type)) return cudaErrorInvalidValue;
    if (args->x == nullptr || args->y == nullptr) return cudaErrorInvalidValue;
    return with_type(args->type, [&](auto number) {
        typedef decltype(number) T;
        return takes_vectors(args->hidden, 4) ? scatter<4, T>(*args, stream) : scatter<1, T>(*args, stream);
    });
}
