/*
 * y = x w^T with MOR4J_INT4_PANELS: as with int8, the weights' nibbles 8 above their values. A byte holds columns c and
 * 16 + c of a block.
 */
#include "kernels/panel_tile.h"

#if defined(MOR4J_BUILD_AVX512)
#define TILE_ROWS 6
#define TILE_PANELS 2
#define ROW_PANELS 1
#elif defined(MOR4J_BUILD_AVX2)
#define TILE_ROWS 4
#define TILE_PANELS 1
#define ROW_PANELS 2
#else
#define TILE_ROWS 2
#define TILE_PANELS 1
#define ROW_PANELS 1
#endif
#define PANEL_COL_BYTES 9

#define BLOCK_BYTES 256

MOR4J_INLINE vi begin_block(vi bias) { return vi_nibble_start(bias); }

MOR4J_INLINE void add_block(const panel_place *place, vi *sums, int64_t block, int64_t at, const int mr, const int nv)
{
#pragma GCC unroll 4
    for (int quad = 0; quad < 4; quad++) {
#pragma GCC unroll 16
        for (int v = 0; v < nv; v++) {
            const vi pairs = vi_load(part_of(place, v) + at + quad * 64);
            const vi low = vi_low_nibbles(pairs), high = vi_high_nibbles(pairs);
#pragma GCC unroll 12
            for (int i = 0; i < mr; i++) {
                const char *x = place->x + i * place->x_stride + block * 32 + quad * 4;
                sums[i * nv + v] = vi_nibble_dot(sums[i * nv + v], low, vi_spread(x));
                sums[i * nv + v] = vi_nibble_dot(sums[i * nv + v], high, vi_spread(x + 16));
            }
        }
    }
}

MOR4J_INLINE vi end_block(vi sum, const char *bias) { return vi_nibble_end(sum, vi_spread(bias)); }

#include "kernels/panel_blocks.h"

void MOR4J_KERNEL(matmul_int4)(const mor4j_product *product, mor4j_range rows, mor4j_range outs)
{
    run_panels(product, rows, outs);
}
