/*
 * y = x w^T with MOR4J_INT8_PANELS: a block of 32 columns is an exact sum of integers, and blocks add up in float32 in
 * order. The sum begins at the block's bias, which takes back the 128 that the weights' bytes are above their values.
 */
#include "kernels/panel_tile.h"

#if defined(MOR4J_BUILD_AVX512)
#define TILE_ROWS 6
#define TILE_PANELS 2
#define ROW_PANELS 1
#elif defined(MOR4J_BUILD_AVX2)
#define TILE_ROWS 2
#define TILE_PANELS 1
#define ROW_PANELS 2
#else
#define TILE_ROWS 2
#define TILE_PANELS 1
#define ROW_PANELS 1
#endif
#define PANEL_COL_BYTES 17

#define BLOCK_BYTES 512

MOR4J_INLINE vi begin_block(vi bias) { return bias; }

MOR4J_INLINE void add_block(const panel_place *place, vi *sums, int64_t block, int64_t at, const int mr, const int nv)
{
#pragma GCC unroll 8
    for (int quad = 0; quad < 8; quad++) {
#pragma GCC unroll 16
        for (int v = 0; v < nv; v++) {
            const vi weights = vi_load(part_of(place, v) + at + quad * 64);
#pragma GCC unroll 12
            for (int i = 0; i < mr; i++) {
                const char *x = place->x + i * place->x_stride + block * 32 + quad * 4;
                sums[i * nv + v] = vi_dot(sums[i * nv + v], weights, vi_spread(x));
            }
        }
    }
}

MOR4J_INLINE vi end_block(vi sum, const char *bias)
{
    (void)bias;
    return sum;
}

#include "kernels/panel_blocks.h"

void MOR4J_KERNEL(matmul_int8)(const mor4j_product *product, mor4j_range rows, mor4j_range outs)
{
    run_panels(product, rows, outs);
}
