/*
 * Expert-choice by threshold: who takes part in a recursion, and with which gate. A thread a row.
 * Source: docs/forward-pass.md, section 5, step 3.
 */
#include "decide.cuh"
#include "rows.cuh"

#define DECIDE_THREADS 128

__global__ void decide_expert(const mor4j_cuda_decide_expert_args args)
{
    await_previous_kernel();
    const int64_t i = static_cast<int64_t>(blockIdx.x) * DECIDE_THREADS + threadIdx.x;
    if (!takes_row(args.rows, i)) return;
    const int32_t r = args.rows.list[i];
    const int32_t k = args.recursions == nullptr ? args.fixed_recursion : args.recursions[r];
    decide_expert_row(args, r, k, args.z[i], args.decision[i]);
}

int32_t mor4j_cuda_decide_expert(const mor4j_cuda_decide_expert_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->z == nullptr || args->decision == nullptr ||
        !decide_expert_is_valid(*args)) {
        return cudaErrorInvalidValue;
    }
    const unsigned blocks = static_cast<unsigned>((args->rows.bucket - 1) / DECIDE_THREADS + 1);
    return MOR4J_LAUNCH(decide_expert, dim3(blocks), dim3(DECIDE_THREADS), 0, stream, *args);
}
