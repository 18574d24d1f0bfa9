/*
 * y [H] = x / sqrt(mean(x^2) + eps) * norm, in float32; as LlamaRMSNorm of Hugging Face: the norm multiplies last.
 * Source: docs/forward-pass.md, section 3.
 */
#include <math.h>

#include "isa/isa.h"
#include "kernels/kernels.h"

MOR4J_INLINE void scale(const float *x, const char *norm, int64_t h, float inverse, float *y, const int bf16)
{
    const vf factor = vf_set(inverse);
    int64_t i = 0;
    for (; i + VF_WIDTH <= h; i += VF_WIDTH) {
        vf_store(y + i, vf_mul(vf_mul(vf_load(x + i), factor), vf_load_weight(norm, i, bf16)));
    }
    if (i < h) {
        const int n = (int)(h - i);
        vf_store_n(y + i, vf_mul(vf_mul(vf_load_n(x + i, n), factor), vf_load_weight_n(norm, i, n, bf16)), n);
    }
}

void MOR4J_KERNEL(rmsnorm)(const float *x, const mor4j_matrix *norm, float eps, float *y)
{
    const int64_t h = norm->cols;
    vf squares = vf_set(0.0f);
    int64_t i = 0;
    for (; i + VF_WIDTH <= h; i += VF_WIDTH) {
        vf v = vf_load(x + i);
        squares = vf_fma(v, v, squares);
    }
    if (i < h) {
        vf v = vf_load_n(x + i, (int)(h - i));
        squares = vf_fma(v, v, squares);
    }
    const float inverse = 1.0f / sqrtf(vf_reduce(squares) / (float)h + eps);
    if (norm->dtype == MOR4J_BF16) {
        scale(x, norm->data, h, inverse, y, 1);
    } else {
        scale(x, norm->data, h, inverse, y, 0);
    }
}
