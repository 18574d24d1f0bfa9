/* y [bucket, H] = the rows of a pass out of x [states, H]. A thread block a row or a part of it. */
#include "numbers.cuh"
#include "rows.cuh"

template <int N> __global__ void gather_rows(const mor4j_cuda_gather_args args)
{
    await_previous_kernel();
    const int64_t i = blockIdx.x, h = args.hidden;
    int64_t state;
    if (!takes_row(args.rows, i, &state)) return;
    for (int64_t col = first_column<N>(); col < h; col += column_step<N>()) {
        float v[N];
        load(args.x + state * h + col, v);
        store(args.y + i * h + col, v);
    }
}

template <int N> static int32_t gather(const mor4j_cuda_gather_args &args, void *stream)
{
    const int64_t items = args.hidden / N;
    const unsigned threads = threads_for(items, ROW_THREADS);
    return MOR4J_LAUNCH(gather_rows<N>, grid_for(args.rows.bucket, items, threads), threads, 0, stream, args);
}

int32_t mor4j_cuda_gather(const mor4j_cuda_gather_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->hidden < 1) return cudaErrorInvalidValue;
    if (args->x == nullptr || args->y == nullptr) return cudaErrorInvalidValue;
    return takes_vectors(args->hidden, 4) ? gather<4>(*args, stream) : gather<1>(*args, stream);
}
