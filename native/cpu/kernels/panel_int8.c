/*
 * y = x w^T with MOR4J_INT8_PANELS: a block of 32 columns is an exact sum of integers, and blocks add up in float32 in order.
 * The sum begins at the block's bias, which takes back the 128 that the weights' bytes are above their values.
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

#define SCALES_BYTES 64 /* of a chunk: 64 columns, two blocks */
#define BLOCK_BYTES 512
#define CHUNK_BYTES (SCALES_BYTES + 2 * BLOCK_BYTES)

MOR4J_INLINE void tile(const panel_place *place, const int mr, const int np)
{
    const int nv = np * PANEL_PARTS;
    const int64_t blocks = place->kp / 32;
    vf acc[MOST_TILE_VECTORS];
#pragma GCC unroll 64
    for (int t = 0; t < mr * nv; t++) acc[t] = vf_set(0.0f);
    for (int64_t block = 0; block < blocks; block++) {
        const int64_t chunk = block / 2 * CHUNK_BYTES, at = chunk + SCALES_BYTES + block % 2 * BLOCK_BYTES;
        if (place->cold) prefetch(place, block * np * (CHUNK_BYTES / 2), mr, np, np * (CHUNK_BYTES / 2));
        vi sums[MOST_TILE_VECTORS];
#pragma GCC unroll 12
        for (int i = 0; i < mr; i++) {
            const char *biases = place->x + i * place->x_stride + place->kp + blocks * 4;
#pragma GCC unroll 16
            for (int v = 0; v < nv; v++) sums[i * nv + v] = vi_spread(biases + block * 4);
        }
#pragma GCC unroll 8
        for (int quad = 0; quad < 8; quad++) {
#pragma GCC unroll 16
            for (int v = 0; v < nv; v++) {
                const vi weights = vi_load(part_of(place, v) + at + quad * 64);
#pragma GCC unroll 12
                for (int i = 0; i < mr; i++) {
                    sums[i * nv + v] = vi_dot(sums[i * nv + v], weights, vi_spread(place->x + i * place->x_stride + block * 32 + quad * 4));
                }
            }
        }
        const char *scales = place->x + place->kp + block * 4;
#pragma GCC unroll 16
        for (int v = 0; v < nv; v++) {
            const vf scale = vf_load_bf16(place->w + v / PANEL_PARTS * place->panel_bytes + chunk + block % 2 * 32 + v % PANEL_PARTS * VF_WIDTH * 2);
#pragma GCC unroll 12
            for (int i = 0; i < mr; i++) {
                const vf both = vf_mul(scale, vf_set(float_at(scales + i * place->x_stride)));
                acc[i * nv + v] = vf_fma(vi_to_float(sums[i * nv + v]), both, acc[i * nv + v]);
            }
        }
    }
    store_tile(place, acc, mr, np);
}

#include "kernels/panel_product.h"

void MOR4J_KERNEL(matmul_int8)(const mor4j_product *product, mor4j_range rows, mor4j_range outs)
{
    run_panels(product, rows, outs);
}
