/* Decisions of expert-choice and token-choice for one row. Functions are computed in double and rounded once, as on the
   CPU. */
#ifndef MOR4J_DECIDE_CUH
#define MOR4J_DECIDE_CUH

#include <math.h>

#include "device.cuh"

__device__ inline float rounded_sigmoid(float z)
{
    return static_cast<float>(1.0 / (1.0 + exp(-static_cast<double>(z))));
}

/* The weight of a router's output. */
__device__ inline float expert_weight(float z, int32_t function, float alpha)
{
    if (function == MOR4J_CUDA_SIGMOID) return rounded_sigmoid(z) * alpha;
    if (function == MOR4J_CUDA_TANH) return static_cast<float>(tanh(static_cast<double>(z))) * alpha;
    return z;
}

/* Row r and recursion k: whether it takes part by `decision`, its gate by z. */
__device__ inline void decide_expert_row(const mor4j_cuda_decide_expert_args &args, int32_t r, int32_t k, float z,
                                         float decision)
{
    const bool keep =
        k < args.max_recursions[r] && (args.routers[k].takes_all != 0 || decision >= args.logit_thresholds[r]);
    const float weight = args.weighted != 0 ? expert_weight(z, args.function, args.alpha) : 1.0f;
    args.keep[r] = keep;
    args.gates[r] = keep ? weight : 0.0f;
    args.depths[r] += keep;
}

inline bool decide_expert_is_valid(const mor4j_cuda_decide_expert_args &args)
{
    return args.routers != nullptr && args.logit_thresholds != nullptr && args.max_recursions != nullptr &&
           args.keep != nullptr && args.gates != nullptr && args.depths != nullptr &&
           args.function >= MOR4J_CUDA_IDENTITY && args.function <= MOR4J_CUDA_TANH &&
           (args.recursions != nullptr || args.fixed_recursion >= 0);
}

#endif
