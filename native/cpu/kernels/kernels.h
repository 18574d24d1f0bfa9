/*
 * The kernels of one instruction set as a table. A kernel runs on the calling thread, allocates nothing and checks nothing:
 * the callers (block.c, head.c, ..) validate and split the work over the team. Batch invariance starts here: no kernel lets
 * a row's result depend on the range of rows, outputs or heads it is asked for.
 */
#ifndef MOR4J_KERNELS_H
#define MOR4J_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "mor4j.h"

typedef struct mor4j_range {
    int64_t first, last; /* [first, last) */
} mor4j_range;

/* y[i][j] = sum over k of x[i][k] w[j][k], or y[i][j] += it. x [rows, K], w [outs, K], y [rows, y_stride]. */
typedef struct mor4j_product {
    const float *x;
    const mor4j_matrix *w;
    float *y;
    int64_t y_stride;
    bool add;
} mor4j_product;

/* Attention of the rows of a pass over one layer of the cache. */
typedef struct mor4j_attention {
    const float *q;          /* [rows, NH, DH] after RoPE                      */
    float *out;              /* [rows, NH, DH]                                 */
    float *softmax;          /* [rows, NH, 2] scratch: running maximum and sum  */
    const mor4j_kv_row *kv;  /* [rows]                                         */
    int64_t base_layer;      /* floats from a page's start to this layer        */
    int64_t overlay_layer;   /* the same in an overlay page                     */
    int32_t heads, kv_heads, head_dim, page_tokens;
    bool overlay;
} mor4j_attention;

typedef struct mor4j_kernels {
    int32_t isa;
    /* The part of a product in `rows` x `outs`. */
    void (*matmul)(const mor4j_product *product, mor4j_range rows, mor4j_range outs);
    /* y = x / sqrt(mean(x^2) + eps) * norm; x, y [H], norm [1, H]. */
    void (*rmsnorm)(const float *x, const mor4j_matrix *norm, float eps, float *y);
    /* y = x turned by the angles of rope [DH/2 cos, DH/2 sin], halves paired; x, y [DH], may be the same. */
    void (*rope)(const float *x, const float *rope, int32_t head_dim, float *y);
    /* Rows `rows` and query heads `heads`, which share one KV head. */
    void (*attention)(const mor4j_attention *attention, mor4j_range rows, mor4j_range heads);
    /* gate = silu(gate) * up; [n]. */
    void (*silu_multiply)(float *gate, const float *up, int64_t n);
    /* x = x (1 + erf(x / sqrt 2)) / 2; [n]. */
    void (*gelu)(float *x, int64_t n);
    /* y = row `row` of table, widened; [H]. */
    void (*widen_row)(const mor4j_matrix *table, int64_t row, float *y);
    /* x += gate * y; [n]. */
    void (*add_scaled)(float *x, const float *y, float gate, int64_t n);
    /* y = x / divisor; [n]. */
    void (*divide)(const float *x, float divisor, float *y, int64_t n);
    /* y = e^x; [n]. For the tests: attention and silu use it on registers. */
    void (*exponential)(const float *x, float *y, int64_t n);
} mor4j_kernels;

extern const mor4j_kernels mor4j_table_portable;
#ifdef MOR4J_X86
extern const mor4j_kernels mor4j_table_avx2;
extern const mor4j_kernels mor4j_table_avx512;
#endif

/* The table of a mor4j_isa; NULL when it was not built or this CPU or its system cannot run it. */
const mor4j_kernels *mor4j_kernels_of(int32_t isa);

#endif
