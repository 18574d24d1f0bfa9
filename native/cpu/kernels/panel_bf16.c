/*
 * y = x w^T with MOR4J_BF16_PANELS. Where the instruction set multiplies pairs of bfloat16, x is in bfloat16 as well;
 * else x is float32, the weights are widened and each pair takes two fused multiply-adds, the even column first.
 */
#include "kernels/panel_tile.h"

#if defined(MOR4J_BUILD_BF16)
#define TILE_ROWS 6
#define TILE_PANELS 4
#define ROW_PANELS 1
#elif defined(MOR4J_BUILD_AVX512)
#define TILE_ROWS 6
#define TILE_PANELS 4
#define ROW_PANELS 2 /* sums one after the other */
#elif defined(MOR4J_BUILD_AVX2)
#define TILE_ROWS 6
#define TILE_PANELS 1
#define ROW_PANELS 4
#else
#define TILE_ROWS 2
#define TILE_PANELS 1
#define ROW_PANELS 2
#endif
#define PANEL_COL_BYTES 32

#define STEP 8 /* pairs: what is asked for ahead at a time */

#if defined(MOR4J_BUILD_BF16)

MOR4J_INLINE void multiply_pair(const panel_place *place, vf *acc, int64_t pair, const int mr, const int nv)
{
#pragma GCC unroll 16
    for (int v = 0; v < nv; v++) {
        const vi weights = vi_load(part_of(place, v) + pair * 64);
#pragma GCC unroll 12
        for (int i = 0; i < mr; i++) {
            acc[i * nv + v] =
                vf_dot_pairs(acc[i * nv + v], weights, vi_spread(place->x + i * place->x_stride + pair * 4));
        }
    }
}

#else

MOR4J_INLINE void multiply_pair(const panel_place *place, vf *acc, int64_t pair, const int mr, const int nv)
{
#pragma GCC unroll 2
    for (int odd = 0; odd < 2; odd++) {
#pragma GCC unroll 16
        for (int v = 0; v < nv; v++) {
            const char *pairs = part_of(place, v) + pair * 64;
            const vf weights = odd ? vf_load_odd(pairs) : vf_load_even(pairs);
#pragma GCC unroll 12
            for (int i = 0; i < mr; i++) {
                const vf x = vf_set(float_at(place->x + i * place->x_stride + (2 * pair + odd) * 4));
                acc[i * nv + v] = vf_fma(x, weights, acc[i * nv + v]);
            }
        }
    }
}

#endif

MOR4J_INLINE void tile(const panel_place *place, const int mr, const int np)
{
    const int nv = np * PANEL_PARTS;
    vf acc[MOST_TILE_VECTORS];
#pragma GCC unroll 64
    for (int t = 0; t < mr * nv; t++) acc[t] = vf_set(0.0f);
    for (int64_t pair = 0; pair < place->kp / 2; pair += STEP) {
        if (place->cold) prefetch(place, pair * np * 64, mr, np, STEP * np * 64);
#pragma GCC unroll 8
        for (int s = 0; s < STEP; s++) multiply_pair(place, acc, pair + s, mr, nv);
    }
    store_tile(place, acc, mr, np);
}

#include "kernels/panel_product.h"

void MOR4J_KERNEL(matmul_bf16)(const mor4j_product *product, mor4j_range rows, mor4j_range outs)
{
    run_panels(product, rows, outs);
}
