/*
 * Token-choice: how deep each row goes, decided before its first recursion. A thread a row, for a router has few
 * outputs.
 * Source: docs/forward-pass.md, section 6.
 */
#include "decide.cuh"
#include "rows.cuh"

#define DECIDE_THREADS 128

/* What the softmax of a row divides by and subtracts. */
struct softmax_scale {
    float largest;
    double sum;
};

__device__ static softmax_scale softmax_of(const float *z, int32_t outs)
{
    softmax_scale scale = {-INFINITY, 0.0};
    for (int32_t j = 0; j < outs; j++) scale.largest = fmaxf(scale.largest, z[j]);
    for (int32_t j = 0; j < outs; j++) scale.sum += exp(static_cast<double>(z[j] - scale.largest));
    return scale;
}

__device__ static float token_weight(float z, int32_t function, float alpha, softmax_scale scale)
{
    if (function == MOR4J_CUDA_SIGMOID) return rounded_sigmoid(z) * alpha;
    return static_cast<float>(exp(static_cast<double>(z - scale.largest)) / scale.sum) * alpha;
}

__global__ void decide_token(const mor4j_cuda_decide_token_args args)
{
    await_previous_kernel();
    const int64_t i = static_cast<int64_t>(blockIdx.x) * DECIDE_THREADS + threadIdx.x;
    if (!takes_row(args.rows, i)) return;
    const int32_t r = args.rows.list[i];
    const float *z = args.z + i * args.outs;
    softmax_scale scale = {0.0f, 1.0};
    if (args.function == MOR4J_CUDA_SOFTMAX) scale = softmax_of(z, args.outs);
    const int32_t allowed = args.max_recursions[r] < args.outs ? args.max_recursions[r] : args.outs;
    int32_t last = 0;
    float largest = -INFINITY;
    for (int32_t j = 0; j < allowed; j++) {
        const float p = token_weight(z[j], args.function, args.alpha, scale);
        /* Rounded by itself: no fused multiply-add with the product that p is. */
        const float score = __fadd_rn(p, args.bias == nullptr ? 0.0f : args.bias[j]);
        if (score > largest) {
            largest = score;
            last = j;
        }
    }
    args.keep[r] = 1;
    args.gates[r] = args.weighted != 0 ? token_weight(z[last], args.function, args.alpha, scale) : 1.0f;
    args.depths[r] = last + 1;
}

int32_t mor4j_cuda_decide_token(const mor4j_cuda_decide_token_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->z == nullptr || args->max_recursions == nullptr ||
        args->keep == nullptr || args->gates == nullptr || args->depths == nullptr || args->outs < 1 ||
        args->outs > MOR4J_CUDA_MAX_OUTPUTS ||
        (args->function != MOR4J_CUDA_SIGMOID && args->function != MOR4J_CUDA_SOFTMAX)) {
        return cudaErrorInvalidValue;
    }
    const unsigned blocks = static_cast<unsigned>((args->rows.bucket - 1) / DECIDE_THREADS + 1);
    return MOR4J_LAUNCH(decide_token, dim3(blocks), dim3(DECIDE_THREADS), 0, stream, *args);
}
