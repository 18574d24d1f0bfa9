/*
 * The residual stream between two halves of a layer: y [bucket, H] float32 takes up what the last one added, and the
 * next one gets it normed, of type T. A block a row.
 */
#include "numbers.cuh"
#include "reduce.cuh"
#include "rows.cuh"

#define NORM_THREADS (MOST_WARPS * WARP)

template <int N, typename T>
__global__ void __launch_bounds__(NORM_THREADS) norm_rows(const mor4j_cuda_rmsnorm_args args)
{
    await_previous_kernel();
    MOR4J_SHARED float partial_sums[MOST_WARPS];
    const int64_t i = blockIdx.x, h = args.hidden, first = (int64_t)threadIdx.x * N, step = (int64_t)blockDim.x * N;
    int64_t state;
    if (!takes_row(args.rows, i, &state)) return;
    float *y = args.y + (args.indexed ? state : i) * h;
    const bool one_step = h <= step; /* then the row stays in registers, and its weights come while it is summed */
    float v[N] = {}, weight[N] = {}, sum = 0.0f;
    for (int64_t col = first; col < h; col += step) {
        load(y + col, v);
        if (one_step) load(args.weight + col, weight);
        if (args.residual != nullptr) {
            float added[N];
            load(static_cast<const T *>(args.residual) + i * h + col, added);
#pragma unroll
            for (int j = 0; j < N; j++) v[j] += added[j];
            store(y + col, v);
        }
#pragma unroll
        for (int j = 0; j < N; j++) sum = fmaf(v[j], v[j], sum);
    }
    const float inverse = 1.0f / sqrtf(block_sum(sum, partial_sums) / static_cast<float>(h) + args.eps);
    for (int64_t col = first; col < h; col += step) {
        if (!one_step) {
            load(y + col, v);
            load(args.weight + col, weight);
        }
#pragma unroll
        for (int j = 0; j < N; j++) v[j] = v[j] * inverse * weight[j];
        store(static_cast<T *>(args.out) + i * h + col, v);
    }
}

template <int N, typename T> static int32_t norm(const mor4j_cuda_rmsnorm_args &args, void *stream)
{
    const unsigned threads = threads_for(args.hidden / N, NORM_THREADS);
    return MOR4J_LAUNCH((norm_rows<N, T>), dim3(static_cast<unsigned>(args.rows.bucket)), threads, 0, stream, args);
}

int32_t mor4j_cuda_rmsnorm(const mor4j_cuda_rmsnorm_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->hidden < 1) return cudaErrorInvalidValue;
    if (!is_float_type(args->type)) return cudaErrorInvalidValue;
    if (args->y == nullptr || args->weight == nullptr || args->out == nullptr) return cudaErrorInvalidValue;
    if (args->indexed && args->residual != nullptr) return cudaErrorInvalidValue;
    return with_type(args->type, [&](auto number) {
        typedef decltype(number) T;
        return takes_vectors(args->hidden, 4) ? norm<4, T>(*args, stream) : norm<1, T>(*args, stream);
    });
}
