/* The activations: gate [n] = silu(gate) * up [n] of the feed-forward, and the exact (erf) GELU of a router's MLP. */
#include <math.h>

#include "isa/isa.h"
#include "kernels/kernels.h"

MOR4J_INLINE vf silu(vf x) { return vf_div(x, vf_add(vf_set(1.0f), vf_exp(vf_sub(vf_set(0.0f), x)))); }

void MOR4J_KERNEL(silu_multiply)(float *gate, const float *up, int64_t n)
{
    int64_t i = 0;
    for (; i + VF_WIDTH <= n; i += VF_WIDTH) {
        vf_store(gate + i, vf_mul(silu(vf_load(gate + i)), vf_load(up + i)));
    }
    if (i < n) {
        const int rest = (int)(n - i);
        vf_store_n(gate + i, vf_mul(silu(vf_load_n(gate + i, rest)), vf_load_n(up + i, rest)), rest);
    }
}

/* A router's hidden layer is small: libm's erf is exact and fast enough. */
void MOR4J_KERNEL(gelu)(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678118654752440f));
}

void MOR4J_KERNEL(exponential)(const float *x, float *y, int64_t n)
{
    int64_t i = 0;
    for (; i + VF_WIDTH <= n; i += VF_WIDTH) vf_store(y + i, vf_exp(vf_load(x + i)));
    if (i < n) vf_store_n(y + i, vf_exp(vf_load_n(x + i, (int)(n - i))), (int)(n - i));
}
