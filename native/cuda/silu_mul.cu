/* The activation of the feed-forward: out [bucket, F] = silu(gate) * up. A thread block a row or a part of it. */
#include "numbers.cuh"
#include "rows.cuh"

template <int N, typename T> __global__ void silu_mul_rows(const mor4j_cuda_silu_mul_args args)
{
    await_previous_kernel();
    const int64_t i = blockIdx.x, f = args.intermediate;
    if (!takes_row(args.rows, i)) return;
    const T *gates = static_cast<const T *>(args.gate_up) + i * 2 * f;
    T *out = static_cast<T *>(args.out) + i * f;
    for (int64_t col = first_column<N>(); col < f; col += column_step<N>()) {
        float gate[N], up[N];
        load(gates + col, gate);
        load(gates + f + col, up);
#pragma unroll
        for (int j = 0; j < N; j++) gate[j] = gate[j] / (1.0f + expf(-gate[j])) * up[j];
        store(out + col, gate);
    }
}

template <int N, typename T> static int32_t silu_mul(const mor4j_cuda_silu_mul_args &args, void *stream)
{
    const int64_t items = args.intermediate / N;
    const unsigned threads = threads_for(items, ROW_THREADS);
    return MOR4J_LAUNCH((silu_mul_rows<N, T>), grid_for(args.rows.bucket, items, threads), threads, 0, stream, args);
}

int32_t mor4j_cuda_silu_mul(const mor4j_cuda_silu_mul_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->intermediate < 1) return cudaErrorInvalidValue;
    if (args->gate_up == nullptr || args->out == nullptr || !is_float_type(args->type)) return cudaErrorInvalidValue;
    return with_type(args->type, [&](auto number) {
        typedef decltype(number) T;
        constexpr int n = 16 / (int)sizeof(T);
        return takes_vectors(args->intermediate, n) ? silu_mul<n, T>(*args, stream) : silu_mul<1, T>(*args, stream);
    });
}
