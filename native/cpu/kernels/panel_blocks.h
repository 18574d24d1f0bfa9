/*
 * The tile of products with panels in blocks of 32 columns with a scale: a block is an exact sum of integers, and
 * blocks add up in float32 in order. The including file has defined
 *
 *   BLOCK_BYTES                bytes of a block of 16 rows
 *   begin_block(bias)          a block's sums to begin with; bias: what takes back the offset of the weights
 *   add_block(place, sums, block, at, mr, nv)
 *                              adds the products of a block whose weights lie at byte `at` of each panel
 *   end_block(sum, bias)       the sum
 *   PANEL_COL_BYTES, TILE_ROWS, TILE_PANELS, ROW_PANELS
 *                              as panel_product.h says
 *
 * and gets run_panels.
 */
#define SCALES_BYTES 64 /* of a chunk: 64 columns, two blocks */
#define CHUNK_BYTES (SCALES_BYTES + 2 * BLOCK_BYTES)

MOR4J_INLINE void tile(const panel_place *place, const int mr, const int np)
{
    const int nv = np * PANEL_PARTS;
    const int64_t blocks = place->kp / 32;
    vf acc[MOST_TILE_VECTORS];
#pragma GCC unroll 64
    for (int t = 0; t < mr * nv; t++) acc[t] = vf_set(0.0f);
    for (int64_t block = 0; block < blocks; block++) {
        const int64_t chunk = block / 2 * CHUNK_BYTES;
        const char *scales = place->x + place->kp + block * 4, *biases = scales + blocks * 4;
        if (place->cold) prefetch(place, block * np * (CHUNK_BYTES / 2), mr, np, np * (CHUNK_BYTES / 2));
        vi sums[MOST_TILE_VECTORS];
#pragma GCC unroll 12
        for (int i = 0; i < mr; i++) {
#pragma GCC unroll 16
            for (int v = 0; v < nv; v++) sums[i * nv + v] = begin_block(vi_spread(biases + i * place->x_stride));
        }
        add_block(place, sums, block, chunk + SCALES_BYTES + block % 2 * BLOCK_BYTES, mr, nv);
#pragma GCC unroll 16
        for (int v = 0; v < nv; v++) {
            const vf scale = vf_load_bf16(place->w + v / PANEL_PARTS * place->panel_bytes + chunk + block % 2 * 32 +
                                          v % PANEL_PARTS * VF_WIDTH * 2);
#pragma GCC unroll 12
            for (int i = 0; i < mr; i++) {
                const vf both = vf_mul(scale, vf_set(float_at(scales + i * place->x_stride)));
                const vi sum = end_block(sums[i * nv + v], biases + i * place->x_stride);
                acc[i * nv + v] = vf_fma(vi_to_float(sum), both, acc[i * nv + v]);
            }
        }
    }
    store_tile(place, acc, mr, np);
}

#include "kernels/panel_product.h"
