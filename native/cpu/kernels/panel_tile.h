/*
 * What the products with panels have in common. A tile is `mr` rows of x by `np` panels, a panel is PANEL_PARTS vectors
 * of outputs. Each (row, output) has one accumulator that walks K from 0, in its lane of its part: the tile only
 * decides how many walk side by side, so a row's bits do not depend on its company.
 */
#ifndef MOR4J_PANEL_TILE_H
#define MOR4J_PANEL_TILE_H

#include <string.h>

#include "isa/isa.h"
#include "kernels/kernels.h"

#define PANEL_PARTS (MOR4J_PANEL / VF_WIDTH)
#define AHEAD 4096 /* bytes: where one row is multiplied, weights are read at the speed of memory */
#define MOST_TILE_VECTORS ((TILE_ROWS * TILE_PANELS > ROW_PANELS ? TILE_ROWS * TILE_PANELS : ROW_PANELS) * PANEL_PARTS)
#define PART_BYTES (VF_WIDTH * 4) /* of a vector */

typedef struct panel_place {
    const char *x;              /* first row of the tile, encoded */
    const char *w;              /* first panel of the tile        */
    float *y;                   /* first element                  */
    int64_t x_stride, y_stride; /* bytes, floats     */
    int64_t kp;                 /* columns of a panel                   */
    int64_t panel_bytes;
    int64_t outs; /* outputs of the matrix from y on      */
    bool add;
    bool cold; /* the weights come from memory: the first rows that meet them */
} panel_place;

/* Part v of np panels, counted through. */
MOR4J_INLINE const char *part_of(const panel_place *place, int v)
{
    return place->w + v / PANEL_PARTS * place->panel_bytes + v % PANEL_PARTS * PART_BYTES;
}

/* Four bytes of x for every lane. */
MOR4J_INLINE vi vi_spread(const char *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return vi_set(four);
}

MOR4J_INLINE float float_at(const char *p)
{
    float x;
    memcpy(&x, p, sizeof x);
    return x;
}

/*
 * Asks for weights that will be wanted soon: one panel of one row at a time is a stream, of which what lies AHEAD is
 * asked for and `at` is where the tile reads. Else `bytes` of the next tile's weights, `at` bytes into it, while this
 * tile's are multiplied: the next tile follows this one in memory. An address past the matrix is only a hint and never
 * faults.
 */
MOR4J_INLINE void prefetch(const panel_place *place, int64_t at, const int mr, const int np, const int bytes)
{
    const uintptr_t next =
        (uintptr_t)place->w + (uintptr_t)((mr == 1 && np == 1 ? AHEAD : np * place->panel_bytes) + at);
#pragma GCC unroll 128
    for (int line = 0; line < bytes; line += 64) __builtin_prefetch((const void *)(next + (uintptr_t)line), 0, 3);
}

/* y, or what is added to it; outputs that the matrix lacks are not touched. acc [mr][np * PANEL_PARTS]. */
MOR4J_INLINE void store_tile(const panel_place *place, const vf *acc, const int mr, const int np)
{
    const int nv = np * PANEL_PARTS;
#pragma GCC unroll 16
    for (int i = 0; i < mr; i++) {
        float *y = place->y + i * place->y_stride;
#pragma GCC unroll 16
        for (int v = 0; v < nv; v++) {
            float *part = y + v * VF_WIDTH;
            const int64_t rest = place->outs - v * VF_WIDTH;
            const vf sum = acc[i * nv + v];
            if (rest >= VF_WIDTH) {
                vf_store(part, place->add ? vf_add(vf_load(part), sum) : sum);
            } else if (rest > 0) {
                vf_store_n(part, place->add ? vf_add(vf_load_n(part, (int)rest), sum) : sum, (int)rest);
            }
        }
    }
}

#endif
