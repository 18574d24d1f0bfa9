/* Work on whole rows [n]: widen a row of a table, add a scaled row, divide a row. */
#include "isa/isa.h"
#include "kernels/kernels.h"

void MOR4J_KERNEL(widen_row)(const mor4j_matrix *table, int64_t row, float *y)
{
    const int bf16 = table->dtype == MOR4J_BF16;
    const int64_t n = table->cols;
    const char *data = (const char *)table->data + row * n * (bf16 ? 2 : 4);
    int64_t i = 0;
    for (; i + VF_WIDTH <= n; i += VF_WIDTH) vf_store(y + i, vf_load_weight(data, i, bf16));
    if (i < n) vf_store_n(y + i, vf_load_weight_n(data, i, (int)(n - i), bf16), (int)(n - i));
}

void MOR4J_KERNEL(add_scaled)(float *x, const float *y, float gate, int64_t n)
{
    const vf factor = vf_set(gate);
    int64_t i = 0;
    for (; i + VF_WIDTH <= n; i += VF_WIDTH) vf_store(x + i, vf_fma(factor, vf_load(y + i), vf_load(x + i)));
    if (i < n) {
        const int rest = (int)(n - i);
        vf_store_n(x + i, vf_fma(factor, vf_load_n(y + i, rest), vf_load_n(x + i, rest)), rest);
    }
}

void MOR4J_KERNEL(divide)(const float *x, float divisor, float *y, int64_t n)
{
    const vf d = vf_set(divisor);
    int64_t i = 0;
    for (; i + VF_WIDTH <= n; i += VF_WIDTH) vf_store(y + i, vf_div(vf_load(x + i), d));
    if (i < n) vf_store_n(y + i, vf_div(vf_load_n(x + i, (int)(n - i)), d), (int)(n - i));
}
