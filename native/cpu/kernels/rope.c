/*
 * Rotary embedding of one head [DH], "rotate half": element i turns with element i + DH/2. x and y may be the same.
 * Source: docs/forward-pass.md, section 3.
 */
#include "isa/isa.h"
#include "kernels/kernels.h"

void MOR4J_KERNEL(rope)(const float *x, const float *rope, int32_t head_dim, float *y)
{
    const int half = head_dim / 2;
    const float *sines = rope + half;
    int i = 0;
    for (; i + VF_WIDTH <= half; i += VF_WIDTH) {
        vf a = vf_load(x + i), b = vf_load(x + half + i);
        vf c = vf_load(rope + i), s = vf_load(sines + i);
        vf_store(y + i, vf_sub(vf_mul(a, c), vf_mul(b, s)));
        vf_store(y + half + i, vf_add(vf_mul(b, c), vf_mul(a, s)));
    }
    if (i < half) {
        const int n = half - i;
        vf a = vf_load_n(x + i, n), b = vf_load_n(x + half + i, n);
        vf c = vf_load_n(rope + i, n), s = vf_load_n(sines + i, n);
        vf_store_n(y + i, vf_sub(vf_mul(a, c), vf_mul(b, s)), n);
        vf_store_n(y + half + i, vf_add(vf_mul(b, c), vf_mul(a, s)), n);
    }
}
