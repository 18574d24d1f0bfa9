/*
 * The tile of products with panels in groups of 32 columns with a scale: a group is an exact sum of integers, and
 * groups add up in float32 in order. The including file has defined
 *
 *   GROUP_BYTES                bytes of a group of 16 rows
 *   begin_group(bias)          a group's sums to begin with; bias: what takes back the offset of the weights
 *   add_group(place, sums, group, at, mr, nv)
 *                              adds the products of a group whose weights lie at byte `at` of each panel
 *   end_group(sum, bias)       the sum
 *   PANEL_COL_BYTES, TILE_ROWS, TILE_PANELS, ROW_PANELS
 *                              as panel_product.h says
 *
 * and gets run_panels.
 */
#define SCALES_BYTES 64 /* of a chunk: 64 columns, two groups */
#define CHUNK_BYTES (SCALES_BYTES + 2 * GROUP_BYTES)

MOR4J_INLINE void tile(const panel_place *place, const int mr, const int np)
{
    const int nv = np * PANEL_PARTS;
    const int64_t groups = place->kp / 32;
    vf acc[MOST_TILE_VECTORS];
#pragma GCC unroll 64
    for (int t = 0; t < mr * nv; t++) acc[t] = vf_set(0.0f);
    for (int64_t group = 0; group < groups; group++) {
        const int64_t chunk = group / 2 * CHUNK_BYTES;
        const char *scales = place->x + place->kp + group * 4, *biases = scales + groups * 4;
        if (place->cold) prefetch(place, group * np * (CHUNK_BYTES / 2), mr, np, np * (CHUNK_BYTES / 2));
        vi sums[MOST_TILE_VECTORS];
#pragma GCC unroll 12
        for (int i = 0; i < mr; i++) {
#pragma GCC unroll 16
            for (int v = 0; v < nv; v++) sums[i * nv + v] = begin_group(vi_spread(biases + i * place->x_stride));
        }
        add_group(place, sums, group, chunk + SCALES_BYTES + group % 2 * GROUP_BYTES, mr, nv);
#pragma GCC unroll 16
        for (int v = 0; v < nv; v++) {
            const vf scale = vf_load_bf16(place->w + v / PANEL_PARTS * place->panel_bytes + chunk + group % 2 * 32 +
                                          v % PANEL_PARTS * VF_WIDTH * 2);
#pragma GCC unroll 12
            for (int i = 0; i < mr; i++) {
                const vf both = vf_mul(scale, vf_set(float_at(scales + i * place->x_stride)));
                const vi sum = end_group(sums[i * nv + v], biases + i * place->x_stride);
                acc[i * nv + v] = vf_fma(vi_to_float(sum), both, acc[i * nv + v]);
            }
        }
    }
    store_tile(place, acc, mr, np);
}

#include "kernels/panel_product.h"
