/*
 * The kernels of one instruction set as a table. A kernel runs on the calling thread, allocates nothing and checks
 * nothing: the callers (block.c, head.c, ..) validate and split the work over the team. Batch invariance starts here:
 * no kernel lets a row's result depend on the range of rows, outputs or heads it is asked for.
 */
#ifndef MOR4J_KERNELS_H
#define MOR4J_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "mor4j.h"

typedef struct mor4j_range {
    int64_t first, last; /* [first, last) */
} mor4j_range;

/*
 * y[i][j] = sum over k of x[i][k] w[j][k], or y[i][j] += it. y [rows, y_stride].
 * x [rows]: for row-major weights float32 rows [K]; for panels rows that `encode` made, 64-byte aligned.
 */
typedef struct mor4j_product {
    const void *x;
    int64_t x_stride; /* bytes from one row of x to the next */
    const mor4j_matrix *w;
    float *y;
    int64_t y_stride; /* floats */
    bool add;
} mor4j_product;

static inline bool mor4j_is_panels(int32_t dtype) { return dtype >= MOR4J_BF16_PANELS; }

/* Columns of a matrix of panels, what it lacks included. */
static inline int64_t mor4j_panel_cols(int64_t cols) { return (cols + 63) / 64 * 64; }

/*
 * Bytes of a row of x [K] encoded for products with weights of this number type, a multiple of 64:
 *
 *   MOR4J_BF16_PANELS   bfloat16 [KP], or float32 [KP] where the instruction set multiplies no bfloat16; zeros
 *                       from K on
 *   MOR4J_INT8_PANELS   int8 q [KP] | float32 scales [KP/32] | int32 biases [KP/32]: -128 times the sum of the
 *                       group's q
 *   MOR4J_INT4_PANELS   the same, biases -8 times the sum
 *
 * A group of x is q * scale, scale = largest magnitude / 127, q rounded to nearest even of x * (127 / largest
 * magnitude). A group whose largest magnitude is below 1e-30 is all zero with scale 0. A group with a NaN or an
 * infinity has a NaN for its scale, so every product with it is NaN, and q of 0.
 */
static inline int64_t mor4j_encoded_bytes(int32_t dtype, int64_t k)
{
    const int64_t kp = mor4j_panel_cols(k);
    return dtype == MOR4J_BF16_PANELS ? 4 * kp : (kp + kp / 4 + 63) / 64 * 64;
}

/* Floats that hold an encoded row of `k` numbers, whatever the number type. */
static inline int64_t mor4j_encoded_floats(int64_t k) { return mor4j_panel_cols(k); }

/* Entries of a tile of the KV cache, see mor4j_shape. */
#define MOR4J_KV_TILE 32

static inline int64_t mor4j_kv_tile_bytes(int32_t kv_dtype, int64_t head_dim)
{
    const int64_t bytes = kv_dtype == MOR4J_KV_F32 ? 4 : kv_dtype == MOR4J_KV_BF16 ? 2 : 1;
    return 2 * (MOR4J_KV_TILE * head_dim * bytes + (kv_dtype == MOR4J_KV_INT8 ? MOR4J_KV_TILE * 4 : 0));
}

/*
 * Attention of the rows of a pass over one layer of the cache. Each row's context is cut into segments of
 * mor4j_segment_entries(context) entries, each with a softmax of its own; their results are merged in order.
 */
typedef struct mor4j_attention {
    const float *q;         /* [rows, NH, DH] after RoPE                                                 */
    float *out;             /* [rows, NH, DH]                                                            */
    float *segments;        /* scratch of split rows, [rows, NH, MOR4J_MOST_SEGMENTS, 2 + DH], or NULL    */
    const mor4j_kv_row *kv; /* [rows]                                                                    */
    int64_t base_layer;     /* bytes from a page's start to this layer                                   */
    int64_t overlay_layer;  /* the same in an overlay page                                               */
    int32_t heads, kv_heads, head_dim, page_tokens, kv_dtype;
    bool overlay;
} mor4j_attention;

#define MOR4J_MOST_SEGMENTS 32

/* A multiple of MOR4J_KV_TILE, of the context alone: bits must not depend on how many threads share the work. */
static inline int64_t mor4j_segment_entries(int64_t context)
{
    int64_t entries = 256;
    while (entries * MOR4J_MOST_SEGMENTS < context) entries *= 2;
    return entries;
}

typedef struct mor4j_kernels {
    int32_t isa;
    /* The part of a product in `rows` x `outs`; with panels `outs` begins at a multiple of MOR4J_PANEL, and ends at one
       or at the last output. */
    void (*matmul)(const mor4j_product *product, mor4j_range rows, mor4j_range outs);
    /* row = x [K] as products with weights of `dtype` (panels) read it; mor4j_encoded_bytes. x and row do not
       overlap. */
    void (*encode)(const float *x, int64_t k, int32_t dtype, void *row);
    /* y = x / sqrt(mean(x^2) + eps) * norm; x, y [H], norm [1, H]. */
    void (*rmsnorm)(const float *x, const mor4j_matrix *norm, float eps, float *y);
    /* y = x turned by the angles of rope [DH/2 cos, DH/2 sin], halves paired; x, y [DH], may be the same. */
    void (*rope)(const float *x, const float *rope, int32_t head_dim, float *y);
    /* Writes key and value [DH] as entry `place` (0 .. 31) of a tile of the cache; whatever else the tile holds
       stays. */
    void (*store_kv)(const float *key, const float *value, int32_t head_dim, int32_t kv_dtype, int32_t place,
                     void *tile);
    /* Rows `rows` and query heads `heads`, which share one KV head: all segments, merged, into out. */
    void (*attention)(const mor4j_attention *attention, mor4j_range rows, mor4j_range heads);
    /* One segment of one row, for query heads that share one KV head, into `segments`. */
    void (*attention_segment)(const mor4j_attention *attention, int64_t row, mor4j_range heads, int64_t segment);
    /* The segments of one row and these heads, merged into out; the bits that `attention` gives. */
    void (*attention_merge)(const mor4j_attention *attention, int64_t row, mor4j_range heads);
    /* gate = silu(gate) * up; [n]. */
    void (*silu_multiply)(float *gate, const float *up, int64_t n);
    /* x = x (1 + erf(x / sqrt 2)) / 2; [n]. */
    void (*gelu)(float *x, int64_t n);
    /* y = row `row` of table, widened; [H]. Any number type. */
    void (*widen_row)(const mor4j_matrix *table, int64_t row, float *y);
    /* x += gate * y; [n]. */
    void (*add_scaled)(float *x, const float *y, float gate, int64_t n);
    /* y = x / divisor; [n]. */
    void (*divide)(const float *x, float divisor, float *y, int64_t n);
    /* y = e^x; [n]. For the tests: attention and silu use it on registers. */
    void (*exponential)(const float *x, float *y, int64_t n);
    /* The token that a row of logits [vocabulary] gives; -1 where no logit is usable. See mor4j_choose. */
    int32_t (*choose)(const float *logits, int64_t vocabulary, const mor4j_sampling *how);
    /* `steps` times some multiply-adds of the kind that products with `dtype` are made of; their number in all. */
    int64_t (*multiply_adds)(int32_t dtype, int64_t steps);
    /* The sum of the 64-bit words of [data, data + bytes), a multiple of 64: reads, and nothing else. */
    uint64_t (*read)(const void *data, int64_t bytes);
} mor4j_kernels;

extern const mor4j_kernels mor4j_table_portable;
#ifdef MOR4J_X86
extern const mor4j_kernels mor4j_table_avx2;
extern const mor4j_kernels mor4j_table_avx512;
extern const mor4j_kernels mor4j_table_avx512_vnni;
extern const mor4j_kernels mor4j_table_avx512_bf16;
#endif

/* The table of a mor4j_isa; NULL when it was not built or this CPU or its system cannot run it. */
const mor4j_kernels *mor4j_kernels_of(int32_t isa);

#endif
