/* An INT8 matrix [rows][cols] as the float type that a GEMM multiplies with. A warp a row. */
#include "reduce.cuh"
#include "weights.cuh"

#define ROWS_IN_BLOCK 8

template <int N, typename T> __global__ void dequantize_rows(const mor4j_cuda_dequantize_args args)
{
    await_previous_kernel();
    const int64_t row = (int64_t)blockIdx.x * ROWS_IN_BLOCK + threadIdx.x / WARP, cols = args.matrix.cols;
    if (row >= args.matrix.rows) return;
    for (int64_t col = threadIdx.x % WARP * N; col < cols; col += WARP * N) {
        float v[N];
        load_weights<N, int8_t>(args.matrix, row, col, v);
        store(static_cast<T *>(args.out) + row * cols + col, v);
    }
}

template <int N, typename T> static int32_t dequantize(const mor4j_cuda_dequantize_args &args, void *stream)
{
    const dim3 grid(static_cast<unsigned>((args.matrix.rows + ROWS_IN_BLOCK - 1) / ROWS_IN_BLOCK));
    return MOR4J_LAUNCH((dequantize_rows<N, T>), grid, ROWS_IN_BLOCK * WARP, 0, stream, args);
}

int32_t mor4j_cuda_dequantize(const mor4j_cuda_dequantize_args *args, void *stream)
{
    if (args == nullptr || !matrix_is_valid(args->matrix) || args->out == nullptr) return cudaErrorInvalidValue;
    if (args->matrix.type != MOR4J_CUDA_INT8 || !is_float_type(args->type)) return cudaErrorInvalidValue;
    if (args->matrix.rows > (int64_t)INT32_MAX * ROWS_IN_BLOCK) return cudaErrorInvalidValue;
    return with_type(args->type, [&](auto number) {
        typedef decltype(number) T;
        return args->matrix.cols % 8 == 0 ? dequantize<8, T>(*args, stream) : dequantize<1, T>(*args, stream);
    });
}
