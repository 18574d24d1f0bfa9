/* A row of x [K] as the products with panels read it; see mor4j_encoded_bytes. Runs once for every row and product of a
   pass. */
#include <math.h>

#include "isa/isa.h"
#include "kernels/kernels.h"

#define BLOCK 32
#define BLOCK_VECTORS (BLOCK / VF_WIDTH)
#define LEAST_MAGNITUDE 1e-30f /* 127 / magnitude is finite and far from it */
#define INFINITE_BITS 0x7F800000

/* x[i .. i + VF_WIDTH), zeros from K on. */
MOR4J_INLINE vf load_up_to(const float *x, int64_t i, int64_t k)
{
    if (i + VF_WIDTH <= k) return vf_load(x + i);
    return i < k ? vf_load_n(x + i, (int)(k - i)) : vf_set(0.0f);
}

static void encode_bf16(const float *x, int64_t k, char *row)
{
    const int64_t kp = mor4j_panel_cols(k);
    for (int64_t i = 0; i < kp; i += VF_WIDTH) {
        const vf part = load_up_to(x, i, k);
#if defined(MOR4J_BUILD_BF16)
        vf_store_bf16(row + 2 * i, part);
#else
        vf_store((float *)(void *)row + i, part);
#endif
    }
}

/* `offset` is what the weights' numbers are above their values. */
MOR4J_INLINE void encode_block(const vf *x, int32_t offset, int8_t *q, float *scale, int32_t *bias)
{
    vi most = vf_magnitude_bits(x[0]);
#pragma GCC unroll 8
    for (int v = 1; v < BLOCK_VECTORS; v++) most = vi_max(most, vf_magnitude_bits(x[v]));
    const int32_t bits = vi_reduce_max(most);
    float magnitude;
    memcpy(&magnitude, &bits, sizeof magnitude);
    if (bits >= INFINITE_BITS || magnitude < LEAST_MAGNITUDE) {
        memset(q, 0, BLOCK);
        *scale = bits >= INFINITE_BITS ? NAN : 0.0f;
        *bias = 0;
        return;
    }
    const vf inverse = vf_set(127.0f / magnitude);
    vi sum = vi_set(0);
#pragma GCC unroll 8
    for (int v = 0; v < BLOCK_VECTORS; v++) {
        const vi whole = vf_round(vf_mul(x[v], inverse));
        vi_store_bytes(q + v * VF_WIDTH, whole);
        sum = vi_add(sum, whole);
    }
    *scale = magnitude / 127.0f;
    *bias = -offset * vi_reduce_add(sum);
}

static void encode_int8(const float *x, int64_t k, int32_t offset, char *row)
{
    const int64_t kp = mor4j_panel_cols(k);
    int8_t *q = (int8_t *)row;
    float *scales = (float *)(void *)(row + kp);
    int32_t *biases = (int32_t *)(void *)(row + kp + kp / BLOCK * 4);
    for (int64_t block = 0; block < kp / BLOCK; block++) {
        vf parts[BLOCK_VECTORS];
#pragma GCC unroll 8
        for (int v = 0; v < BLOCK_VECTORS; v++) parts[v] = load_up_to(x, block * BLOCK + v * VF_WIDTH, k);
        encode_block(parts, offset, q + block * BLOCK, scales + block, biases + block);
    }
}

void MOR4J_KERNEL(encode)(const float *x, int64_t k, int32_t dtype, void *row)
{
    if (dtype == MOR4J_BF16_PANELS) {
        encode_bf16(x, k, row);
    } else {
        encode_int8(x, k, dtype == MOR4J_INT8_PANELS ? 128 : 8, row);
    }
}
