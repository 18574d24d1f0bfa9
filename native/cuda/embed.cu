/* x [states, H] of the rows of a pass = rows of a table [V, H] by their token's id. A thread block a row or a part of
   it. */
#include "rows.cuh"
#include "weights.cuh"

template <int N, typename W> __global__ void embed_rows(const mor4j_cuda_embed_args args)
{
    await_previous_kernel();
    int64_t state;
    if (!takes_row(args.rows, blockIdx.x, &state)) return;
    const int64_t h = args.table.cols, id = args.ids[state];
    for (int64_t col = first_column<N>(); col < h; col += column_step<N>()) {
        float v[N];
        load_weights<N, W>(args.table, id, col, v);
        store(args.x + state * h + col, v);
    }
}

template <int N, typename W> static int32_t embed(const mor4j_cuda_embed_args &args, void *stream)
{
    const int64_t items = args.table.cols / N;
    const unsigned threads = threads_for(items, ROW_THREADS);
    return MOR4J_LAUNCH((embed_rows<N, W>), grid_for(args.rows.bucket, items, threads), threads, 0, stream, args);
}

template <int N> static int32_t embed(const mor4j_cuda_embed_args &args, void *stream)
{
    if (args.table.type == MOR4J_CUDA_INT8) return embed<N, int8_t>(args, stream);
    return with_type(args.table.type, [&](auto number) { return embed<N, decltype(number)>(args, stream); });
}

int32_t mor4j_cuda_embed(const mor4j_cuda_embed_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || !matrix_is_valid(args->table)) return cudaErrorInvalidValue;
    if (args->ids == nullptr || args->x == nullptr) return cudaErrorInvalidValue;
    return takes_vectors(args->table.cols, 4) ? embed<4>(*args, stream) : embed<1>(*args, stream);
}
