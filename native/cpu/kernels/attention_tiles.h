/*
 * The two products of attention with a block of 32 entries, for up to TILE_QUERIES queries at once. Every sum is one
 * accumulator that takes its terms in order, so bits do not depend on the queries beside it. Part of attention.c.
 */
#ifndef MOR4J_ATTENTION_TILES_H
#define MOR4J_ATTENTION_TILES_H

#include "kv_block.h"

/* The keys of dimensions d and d + 1 for two vectors of entries from `e`: k[dimension][vector]. */
MOR4J_INLINE void load_keys(const char *keys, int64_t d, int e, int32_t dtype, vf k[2][2])
{
#pragma GCC unroll 2
    for (int c = 0; c < 2; c++) {
        if (dtype == MOR4J_KV_BF16) {
            const char *pairs = keys + 2 * (d * ENTRIES + 2 * (e + c * VF_WIDTH));
            k[0][c] = vf_load_even(pairs);
            k[1][c] = vf_load_odd(pairs);
        } else {
            k[0][c] = load_numbers(keys, d * ENTRIES + e + c * VF_WIDTH, dtype);
            k[1][c] = load_numbers(keys, (d + 1) * ENTRIES + e + c * VF_WIDTH, dtype);
        }
    }
}

/* scores[i][e] = sum over the span's d of q[i][d] key[d][e]; onto what they hold unless d begins at 0. */
MOR4J_INLINE void score_tile(int n, int32_t dtype, kv_span keys, const float *const *queries, float (*scores)[ENTRIES])
{
    const bool more = keys.first > 0;
    const float *q[TILE_QUERIES];
#pragma GCC unroll 6
    for (int i = 0; i < n; i++) q[i] = queries[i] + keys.first;
    for (int e = 0; e < ENTRIES; e += 2 * VF_WIDTH) {
        vf acc[TILE_QUERIES][2];
#pragma GCC unroll 6
        for (int i = 0; i < n; i++) {
            acc[i][0] = more ? vf_load(scores[i] + e) : vf_set(0.0f);
            acc[i][1] = more ? vf_load(scores[i] + e + VF_WIDTH) : vf_set(0.0f);
        }
        for (int64_t d = 0; d < keys.dims; d += 2) {
            vf k[2][2];
            if (e == 0) ask_for(keys.ahead + d * ENTRIES * number_bytes(dtype), 2 * ENTRIES * number_bytes(dtype));
            load_keys(keys.data, d, e, dtype, k);
#pragma GCC unroll 6
            for (int i = 0; i < n; i++) {
                const vf a = vf_set(q[i][d]), b = vf_set(q[i][d + 1]);
                acc[i][0] = vf_fma(b, k[1][0], vf_fma(a, k[0][0], acc[i][0]));
                acc[i][1] = vf_fma(b, k[1][1], vf_fma(a, k[0][1], acc[i][1]));
            }
        }
#pragma GCC unroll 6
        for (int i = 0; i < n; i++) {
            vf_store(scores[i] + e, acc[i][0]);
            vf_store(scores[i] + e + VF_WIDTH, acc[i][1]);
        }
    }
}

/* Dimensions d .. of `vectors` vectors, the last with `tail` numbers if that is not 0. See value_tile. */
MOR4J_INLINE void value_columns(int n, int vectors, int tail, int32_t dtype, kv_span values, int64_t d, int count,
                                float (*weights)[ENTRIES], const float *factors, float *const *out)
{
    vf acc[TILE_QUERIES][VALUE_VECTORS];
#pragma GCC unroll 6
    for (int i = 0; i < n; i++) {
#pragma GCC unroll 4
        for (int c = 0; c < vectors; c++) {
            const float *from = out[i] + d + c * VF_WIDTH;
            acc[i][c] = vf_mul(tail > 0 ? vf_load_n(from, tail) : vf_load(from), vf_set(factors[i]));
        }
    }
    for (int e = 0; e < count; e++) {
        vf v[VALUE_VECTORS];
        ask_for(values.ahead + (e * values.stride + d) * number_bytes(dtype), vectors * VF_WIDTH * number_bytes(dtype));
#pragma GCC unroll 4
        for (int c = 0; c < vectors; c++) {
            const int64_t at = e * values.stride + d + c * VF_WIDTH;
            v[c] = tail > 0 ? load_numbers_n(values.data, at, tail, dtype) : load_numbers(values.data, at, dtype);
        }
#pragma GCC unroll 6
        for (int i = 0; i < n; i++) {
            const vf weight = vf_set(weights[i][e]);
#pragma GCC unroll 4
            for (int c = 0; c < vectors; c++) acc[i][c] = vf_fma(weight, v[c], acc[i][c]);
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < n; i++) {
#pragma GCC unroll 4
        for (int c = 0; c < vectors; c++) {
            float *to = out[i] + d + c * VF_WIDTH;
            if (tail > 0) {
                vf_store_n(to, acc[i][c], tail);
            } else {
                vf_store(to, acc[i][c]);
            }
        }
    }
}

/* out[i][d] = out[i][d] factors[i] + sum over e of weights[i][e] value[e][d], e < count; d counts from the span's
   first. */
MOR4J_INLINE void value_tile(int n, int32_t dtype, kv_span values, int count, float (*weights)[ENTRIES],
                             const float *factors, float *const *out)
{
    int64_t d = 0;
    for (; d + VALUE_VECTORS * VF_WIDTH <= values.dims; d += VALUE_VECTORS * VF_WIDTH) {
        value_columns(n, VALUE_VECTORS, 0, dtype, values, d, count, weights, factors, out);
    }
    for (; d + VF_WIDTH <= values.dims; d += VF_WIDTH) {
        value_columns(n, 1, 0, dtype, values, d, count, weights, factors, out);
    }
    if (d < values.dims) value_columns(n, 1, (int)(values.dims - d), dtype, values, d, count, weights, factors, out);
}

/* `call` with the number of queries as a constant. */
#if TILE_QUERIES == 6
#define FOR_TILE(n, call)    \
    switch (n) {             \
    case 1: call(1); break;  \
    case 2: call(2); break;  \
    case 3: call(3); break;  \
    case 4: call(4); break;  \
    case 5: call(5); break;  \
    default: call(6); break; \
    }
#else
#define FOR_TILE(n, call)    \
    switch (n) {             \
    case 1: call(1); break;  \
    case 2: call(2); break;  \
    case 3: call(3); break;  \
    default: call(4); break; \
    }
#endif

MOR4J_INLINE void score_n(int n, int32_t dtype, kv_span keys, const float *const *q, float (*scores)[ENTRIES])
{
#define SCORE(tile) score_tile(tile, dtype, keys, q, scores)
    FOR_TILE(n, SCORE)
#undef SCORE
}

MOR4J_INLINE void value_n(int n, int32_t dtype, kv_span values, int count, float (*weights)[ENTRIES],
                          const float *factors, float *const *out)
{
#define VALUE(tile) value_tile(tile, dtype, values, count, weights, factors, out)
    FOR_TILE(n, VALUE)
#undef VALUE
}

/* Queries of the next tile when `left` are left: tiles are nearly equal. */
static int tile_of(int left)
{
    const int tiles = (left + TILE_QUERIES - 1) / TILE_QUERIES;
    return (left + tiles - 1) / tiles;
}

/* The scores of any number of queries with the keys of a span. */
static void add_scores(int n, kv_span keys, const float *const *q, float (*scores)[ENTRIES])
{
    for (int i = 0, tile; i < n; i += tile) {
        tile = tile_of(n - i);
        if (keys.dtype == MOR4J_KV_F32) {
            score_n(tile, MOR4J_KV_F32, keys, q + i, scores + i);
        } else if (keys.dtype == MOR4J_KV_BF16) {
            score_n(tile, MOR4J_KV_BF16, keys, q + i, scores + i);
        } else {
            score_n(tile, MOR4J_KV_INT8, keys, q + i, scores + i);
        }
    }
}

/* The values of a span's first `count` entries, weighted, onto the outputs of any number of queries. */
static void add_values(int n, kv_span values, int count, float (*weights)[ENTRIES], const float *factors,
                       float *const *out)
{
    for (int i = 0, tile; i < n; i += tile) {
        tile = tile_of(n - i);
        if (values.dtype == MOR4J_KV_F32) {
            value_n(tile, MOR4J_KV_F32, values, count, weights + i, factors + i, out + i);
        } else if (values.dtype == MOR4J_KV_BF16) {
            value_n(tile, MOR4J_KV_BF16, values, count, weights + i, factors + i, out + i);
        } else {
            value_n(tile, MOR4J_KV_INT8, values, count, weights + i, factors + i, out + i);
        }
    }
}

#endif
