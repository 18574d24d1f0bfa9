/*
 * y [rows, outs] = x [rows, K] · w [outs, K]^T, weights row-major, float32 or bfloat16, products and sums in float32.
 *
 * Every (row, output) has one vector accumulator that walks K from 0 in steps of VF_WIDTH, a masked tail, and one fixed
 * reduction. The tile only decides how many of them walk side by side, so a row's bits do not depend on its company:
 * that is why K is never split and why one row has no kernel of its own order.
 */
#include "isa/isa.h"
#include "kernels/kernels.h"

#define TILE_ROWS 4
#define ROW_OUTS 8 /* outputs side by side for one row: enough to hide the latency of fma */

typedef struct tile_place {
    const float *x;             /* first row of the tile    */
    const char *w;              /* first output of the tile */
    float *y;                   /* first element            */
    int64_t k;                  /* K                        */
    int64_t x_stride, y_stride; /* bytes, floats */
    bool add;
    bool cold; /* the weights come from memory: the first rows that meet them */
} tile_place;

/*
 * Asks for a step's part of the next tile's weights. The next tile follows this one in memory, and taken as one run of
 * bytes, not as `nr` short rows, it is what the prefetcher of the hardware carries on: twice the bandwidth for rows of
 * 1 KB. An address past the matrix is only a hint and never faults.
 */
MOR4J_INLINE void prefetch_step(const char *w, int64_t k, int64_t p, const int nr, const int64_t bytes)
{
    const uintptr_t next = (uintptr_t)w + (uintptr_t)((k + p) * nr * bytes);
#pragma GCC unroll 8
    for (int64_t line = 0; line < nr * VF_WIDTH * bytes; line += 64) {
        __builtin_prefetch((const void *)(next + (uintptr_t)line), 0, 1);
    }
}

MOR4J_INLINE const float *row_of(const tile_place *place, int i)
{
    return (const float *)(const void *)((const char *)place->x + i * place->x_stride);
}

/* acc = the sums of `mr` rows by `nr` outputs; all loops over the tile unroll and acc lives in registers. */
MOR4J_INLINE void tile(const tile_place *place, const int mr, const int nr, const int bf16)
{
    const int64_t k = place->k;
    const char *w = place->w;
    vf acc[TILE_ROWS * ROW_OUTS];
    int64_t p = 0;
#pragma GCC unroll 32
    for (int t = 0; t < mr * nr; t++) acc[t] = vf_set(0.0f);
    for (; p + VF_WIDTH <= k; p += VF_WIDTH) {
        if (place->cold) prefetch_step(w, k, p, nr, bf16 ? 2 : 4);
        vf xs[TILE_ROWS];
#pragma GCC unroll 4
        for (int i = 0; i < mr; i++) xs[i] = vf_load(row_of(place, i) + p);
#pragma GCC unroll 8
        for (int j = 0; j < nr; j++) {
            vf weight = vf_load_weight(w, j * k + p, bf16);
#pragma GCC unroll 4
            for (int i = 0; i < mr; i++) acc[i * nr + j] = vf_fma(xs[i], weight, acc[i * nr + j]);
        }
    }
    if (p < k) {
        const int n = (int)(k - p);
        vf xs[TILE_ROWS];
#pragma GCC unroll 4
        for (int i = 0; i < mr; i++) xs[i] = vf_load_n(row_of(place, i) + p, n);
#pragma GCC unroll 8
        for (int j = 0; j < nr; j++) {
            vf weight = vf_load_weight_n(w, j * k + p, n, bf16);
#pragma GCC unroll 4
            for (int i = 0; i < mr; i++) acc[i * nr + j] = vf_fma(xs[i], weight, acc[i * nr + j]);
        }
    }
    float sums[TILE_ROWS * ROW_OUTS];
    const vf zero = vf_set(0.0f);
#pragma GCC unroll 8
    for (int t = 0; t < mr * nr; t += 4) {
        vf_reduce4(acc[t], t + 1 < mr * nr ? acc[t + 1] : zero, t + 2 < mr * nr ? acc[t + 2] : zero,
                   t + 3 < mr * nr ? acc[t + 3] : zero, sums + t);
    }
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++) {
        float *y = place->y + i * place->y_stride;
#pragma GCC unroll 8
        for (int j = 0; j < nr; j++) y[j] = place->add ? y[j] + sums[i * nr + j] : sums[i * nr + j];
    }
}

#define TILE(MR, NR)                                                                      \
    static void tile_f32_##MR##x##NR(const tile_place *place) { tile(place, MR, NR, 0); } \
    static void tile_bf16_##MR##x##NR(const tile_place *place) { tile(place, MR, NR, 1); }
/* clang-format off */
#define TILES(MR) TILE(MR, 1) TILE(MR, 2) TILE(MR, 3)
#define WIDE_TILES(MR) TILE(MR, 4) TILE(MR, 5) TILE(MR, 6)

TILES(1) WIDE_TILES(1) TILE(1, 7) TILE(1, 8)
TILES(2) TILES(3) TILES(4)
#if TILE_OUTS == 6
WIDE_TILES(2) WIDE_TILES(3) WIDE_TILES(4)
#define NAMES(T, MR) {T##_##MR##x1, T##_##MR##x2, T##_##MR##x3, T##_##MR##x4, T##_##MR##x5, T##_##MR##x6, 0, 0}
#else
#define NAMES(T, MR) {T##_##MR##x1, T##_##MR##x2, T##_##MR##x3, 0, 0, 0, 0, 0}
#endif
#define ROW_NAMES(T) {T##_1x1, T##_1x2, T##_1x3, T##_1x4, T##_1x5, T##_1x6, T##_1x7, T##_1x8}
/* clang-format on */

/* [bfloat16][rows - 1][outputs - 1] */
static void (*const tiles[2][TILE_ROWS][ROW_OUTS])(const tile_place *) = {
    {ROW_NAMES(tile_f32), NAMES(tile_f32, 2), NAMES(tile_f32, 3), NAMES(tile_f32, 4)},
    {ROW_NAMES(tile_bf16), NAMES(tile_bf16, 2), NAMES(tile_bf16, 3), NAMES(tile_bf16, 4)},
};

/* Rows outside, outputs inside: a tile's rows stay in the first cache while the block of weights comes from the
   second. */
void MOR4J_KERNEL(matmul_rows)(const mor4j_product *product, mor4j_range rows, mor4j_range outs)
{
    const mor4j_matrix *w = product->w;
    const int64_t k = w->cols;
    const int bf16 = w->dtype == MOR4J_BF16;
    const int64_t bytes = bf16 ? 2 : 4;
    tile_place place = {.k = k, .x_stride = product->x_stride, .y_stride = product->y_stride, .add = product->add};
    for (int64_t i = rows.first; i < rows.last;) {
        const int64_t mr = rows.last - i < TILE_ROWS ? rows.last - i : TILE_ROWS;
        place.cold = i == rows.first;
        const int64_t step = mr == 1 ? ROW_OUTS : TILE_OUTS;
        place.x = (const float *)(const void *)((const char *)product->x + i * product->x_stride);
        for (int64_t j = outs.first; j < outs.last;) {
            const int64_t nr = outs.last - j < step ? outs.last - j : step;
            place.w = (const char *)w->data + j * k * bytes;
            place.y = product->y + i * product->y_stride + j;
            tiles[bf16][mr - 1][nr - 1](&place);
            j += nr;
        }
        i += mr;
    }
}
