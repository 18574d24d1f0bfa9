/* The end of token-choice's recursions: x [states, H] += gate * y for the rows of a pass. A block a row or a part of
   it. */
#include "numbers.cuh"
#include "rows.cuh"

template <int N> __global__ void add_gated_rows(const mor4j_cuda_add_gated_args args)
{
    await_previous_kernel();
    int64_t state;
    if (!takes_row(args.rows, blockIdx.x, &state)) return;
    const float gate = args.gates[state];
    if (gate == 0.0f) return; /* not even NaN gets through */
    const int64_t row = state * args.hidden;
    for (int64_t col = first_column<N>(); col < args.hidden; col += column_step<N>()) {
        float x[N], y[N];
        load(args.x + row + col, x);
        load(args.y + row + col, y);
#pragma unroll
        for (int j = 0; j < N; j++) x[j] = fmaf(gate, y[j], x[j]);
        store(args.x + row + col, x);
    }
}

template <int N> static int32_t add_gated(const mor4j_cuda_add_gated_args &args, void *stream)
{
    const int64_t items = args.hidden / N;
    const unsigned threads = threads_for(items, ROW_THREADS);
    return MOR4J_LAUNCH(add_gated_rows<N>, grid_for(args.rows.bucket, items, threads), threads, 0, stream, args);
}

int32_t mor4j_cuda_add_gated(const mor4j_cuda_add_gated_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->hidden < 1) return cudaErrorInvalidValue;
    if (args->x == nullptr || args->y == nullptr || args->gates == nullptr) return cudaErrorInvalidValue;
    return takes_vectors(args->hidden, 4) ? add_gated<4>(*args, stream) : add_gated<1>(*args, stream);
}
