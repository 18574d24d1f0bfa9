/* Which rows of a pass go on to a recursion, after token-choice has decided how deep they go. A thread a row. */
#include "rows.cuh"

__global__ void keep_deeper_rows(const mor4j_cuda_keep_deeper_args args)
{
    await_previous_kernel();
    const int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= args.rows.bucket || !takes_row(args.rows, i)) return;
    const int64_t state = args.rows.list[i];
    args.keep[state] = args.recursion < args.depths[state];
}

int32_t mor4j_cuda_keep_deeper(const mor4j_cuda_keep_deeper_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->recursion < 0) return cudaErrorInvalidValue;
    if (args->depths == nullptr || args->keep == nullptr) return cudaErrorInvalidValue;
    const unsigned threads = threads_for(args->rows.bucket, ROW_THREADS);
    const dim3 grid(static_cast<unsigned>((args->rows.bucket - 1) / threads + 1));
    return MOR4J_LAUNCH(keep_deeper_rows, grid, threads, 0, stream, *args);
}
