/*
 * One entry into a block of the KV cache: its key as a column, its value as a row (the layout: mor4j_shape), rounded to
 * bfloat16 or int8 as the cache has it.
 */
#include <math.h>
#include <string.h>

#include "isa/isa.h"
#include "kernels/kernels.h"

/* To nearest, ties to even; a NaN stays one. */
static uint16_t to_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (isnan(x)) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/* q[i * stride] = x[i] in steps of the scale that is returned; `encode` (kernels.h) has the rules. */
static float quantize(const float *x, int64_t n, int8_t *q, int64_t stride)
{
    /* Magnitudes compare as integers, NaN beyond all. */
    uint32_t largest = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bits &= 0x7FFFFFFF;
        largest = bits > largest ? bits : largest;
    }
    float magnitude;
    memcpy(&magnitude, &largest, sizeof magnitude);
    const bool ordinary = isfinite(magnitude) && magnitude >= 1e-30f;
    const float steps = ordinary ? 127.0f / magnitude : 0.0f;
    for (int64_t i = 0; i < n; i++) q[i * stride] = ordinary ? (int8_t)rintf(x[i] * steps) : 0;
    return ordinary ? magnitude / 127.0f : isfinite(magnitude) ? 0.0f : NAN;
}

void MOR4J_KERNEL(store_kv)(const float *key, const float *value, int32_t head_dim, int32_t kv_dtype, int32_t place,
                            void *block)
{
    const int64_t n = head_dim;
    char *keys = block, *values = keys + mor4j_kv_block_bytes(kv_dtype, n) / 2;
    if (kv_dtype == MOR4J_KV_F32) {
        float *k = (float *)(void *)keys + place;
        for (int64_t i = 0; i < n; i++) k[i * MOR4J_KV_BLOCK] = key[i];
        memcpy((float *)(void *)values + place * n, value, (size_t)n * sizeof(float));
    } else if (kv_dtype == MOR4J_KV_BF16) {
        uint16_t *k = (uint16_t *)(void *)keys + 2 * place, *v = (uint16_t *)(void *)values + place * n;
        for (int64_t i = 0; i < n; i++) k[i / 2 * 2 * MOR4J_KV_BLOCK + i % 2] = to_bf16(key[i]);
        for (int64_t i = 0; i < n; i++) v[i] = to_bf16(value[i]);
    } else {
        const int64_t scales = n * MOR4J_KV_BLOCK; /* bytes */
        ((float *)(void *)(keys + scales))[place] = quantize(key, n, (int8_t *)keys + place, MOR4J_KV_BLOCK);
        ((float *)(void *)(values + scales))[place] = quantize(value, n, (int8_t *)values + place * n, 1);
    }
}
