/* x [states, H] *= factor for the rows of a pass. A thread block a row or a part of it. */
#include "numbers.cuh"
#include "rows.cuh"

template <int N> __global__ void scale_rows(const mor4j_cuda_scale_rows_args args)
{
    await_previous_kernel();
    int64_t state;
    if (!takes_row(args.rows, blockIdx.x, &state)) return;
    const float factor = args.factors[state];
    const int64_t row = state * args.hidden;
    for (int64_t col = first_column<N>(); col < args.hidden; col += column_step<N>()) {
        float x[N];
        load(args.x + row + col, x);
#pragma unroll
        for (int j = 0; j < N; j++) x[j] *= factor;
        store(args.x + row + col, x);
    }
}

template <int N> static int32_t scale(const mor4j_cuda_scale_rows_args &args, void *stream)
{
    const int64_t items = args.hidden / N;
    const unsigned threads = threads_for(items, ROW_THREADS);
    return MOR4J_LAUNCH(scale_rows<N>, grid_for(args.rows.bucket, items, threads), threads, 0, stream, args);
}

int32_t mor4j_cuda_scale_rows(const mor4j_cuda_scale_rows_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->hidden < 1) return cudaErrorInvalidValue;
    if (args->x == nullptr || args->factors == nullptr) return cudaErrorInvalidValue;
    return takes_vectors(args->hidden, 4) ? scale<4>(*args, stream) : scale<1>(*args, stream);
}
