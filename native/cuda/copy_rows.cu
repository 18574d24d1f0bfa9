/* The rows of a pass from one array [states, H] to the same rows of another. A thread block a row or a part of it. */
#include "numbers.cuh"
#include "rows.cuh"

template <int N> __global__ void copy_state_rows(const mor4j_cuda_copy_rows_args args)
{
    await_previous_kernel();
    int64_t state;
    if (!takes_row(args.rows, blockIdx.x, &state)) return;
    const int64_t row = state * args.hidden;
    for (int64_t col = first_column<N>(); col < args.hidden; col += column_step<N>()) {
        float v[N];
        load(args.from + row + col, v);
        store(args.to + row + col, v);
    }
}

template <int N> static int32_t copy_rows(const mor4j_cuda_copy_rows_args &args, void *stream)
{
    const int64_t items = args.hidden / N;
    const unsigned threads = threads_for(items, ROW_THREADS);
    return MOR4J_LAUNCH(copy_state_rows<N>, grid_for(args.rows.bucket, items, threads), threads, 0, stream, args);
}

int32_t mor4j_cuda_copy_rows(const mor4j_cuda_copy_rows_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->hidden < 1) return cudaErrorInvalidValue;
    if (args->from == nullptr || args->to == nullptr) return cudaErrorInvalidValue;
    return takes_vectors(args->hidden, 4) ? copy_rows<4>(*args, stream) : copy_rows<1>(*args, stream);
}
