/* Work on whole rows [n]: widen a row of a table, add a scaled row, divide a row. */
#include "isa/isa.h"
#include "kernels/kernels.h"

MOR4J_INLINE float widen(const char *bf16)
{
    uint16_t upper;
    memcpy(&upper, bf16, sizeof upper);
    const uint32_t bits = (uint32_t)upper << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void widen_row_major(const mor4j_matrix *table, int64_t row, float *y)
{
    const int bf16 = table->dtype == MOR4J_BF16;
    const int64_t n = table->cols;
    const char *data = (const char *)table->data + row * n * (bf16 ? 2 : 4);
    int64_t i = 0;
    for (; i + VF_WIDTH <= n; i += VF_WIDTH) vf_store(y + i, vf_load_weight(data, i, bf16));
    if (i < n) vf_store_n(y + i, vf_load_weight_n(data, i, (int)(n - i), bf16), (int)(n - i));
}

/* A row of a panel is every 16th pair or quad of it: nothing for vectors, and an embedding reads one row a token. */
static void widen_bf16_panels(const char *panel, int64_t row, int64_t n, float *y)
{
    for (int64_t i = 0; i < n; i++) y[i] = widen(panel + ((i / 2 * MOR4J_PANEL + row) * 2 + i % 2) * 2);
}

/* `group_bytes` of a group's numbers: 512 of bytes, 256 of nibbles. */
static void widen_groups(const char *panel, int64_t row, int64_t n, int64_t group_bytes, float *y)
{
    const bool nibbles = group_bytes == 256;
    for (int64_t group = 0; group * 32 < n; group++) {
        const char *chunk = panel + group / 2 * (64 + 2 * group_bytes);
        const float scale = widen(chunk + (group % 2 * MOR4J_PANEL + row) * 2);
        const uint8_t *q = (const uint8_t *)chunk + 64 + group % 2 * group_bytes + row * 4;
        for (int64_t i = 0; i < 32 && group * 32 + i < n; i++) {
            const int64_t col = nibbles ? i % 16 : i;
            const int byte = q[col / 4 * MOR4J_PANEL * 4 + col % 4];
            y[group * 32 + i] = scale * (float)(nibbles ? (byte >> (i / 16 * 4) & 15) - 8 : byte - 128);
        }
    }
}

void MOR4J_KERNEL(widen_row)(const mor4j_matrix *table, int64_t row, float *y)
{
    const int64_t panel = row / MOR4J_PANEL * mor4j_panel_cols(table->cols), in_panel = row % MOR4J_PANEL;
    const char *data = table->data;
    switch (table->dtype) {
    case MOR4J_BF16_PANELS: widen_bf16_panels(data + panel * 32, in_panel, table->cols, y); break;
    case MOR4J_INT8_PANELS: widen_groups(data + panel * 17, in_panel, table->cols, 512, y); break;
    case MOR4J_INT4_PANELS: widen_groups(data + panel * 9, in_panel, table->cols, 256, y); break;
    default: widen_row_major(table, row, y);
    }
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
