/*
 * The tiles of a product with panels and the order in which they run. The including file has defined
 *
 *   tile(place, mr, np)                    always inline, mr and np constants
 *   PANEL_COL_BYTES                        bytes of a panel for one of its columns
 *   TILE_ROWS, TILE_PANELS, ROW_PANELS     the largest tile; panels side by side for one row
 *
 * and gets run_panels.
 */
#include "kernels/panel_tile.h"

#define MOST_ROWS 12
#define MOST_PANELS 4
/* A last row that is left over meets as many panels as the rows before it. */
#define PANELS_OF(MR) ((MR) == 1 && ROW_PANELS > TILE_PANELS ? ROW_PANELS : TILE_PANELS)

/* Those beyond the largest are empty and never called. */
#define TILE(MR, NP)                                                     \
    static void tile_##MR##x##NP(const panel_place *place)               \
    {                                                                    \
        if (MR <= TILE_ROWS && NP <= PANELS_OF(MR)) tile(place, MR, NP); \
    }
/* clang-format off */
#define TILES(MR) TILE(MR, 1) TILE(MR, 2) TILE(MR, 3) TILE(MR, 4)
#define NAMES(MR) {tile_##MR##x1, tile_##MR##x2, tile_##MR##x3, tile_##MR##x4}

_Static_assert(TILE_ROWS <= MOST_ROWS && TILE_PANELS <= MOST_PANELS && ROW_PANELS <= MOST_PANELS, "no such tile");

TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6) TILES(7) TILES(8) TILES(9) TILES(10) TILES(11) TILES(12)
/* clang-format on */

/* [rows - 1][panels - 1] */
static void (*const tiles[MOST_ROWS][MOST_PANELS])(const panel_place *) = {
    NAMES(1), NAMES(2), NAMES(3), NAMES(4),  NAMES(5),  NAMES(6),
    NAMES(7), NAMES(8), NAMES(9), NAMES(10), NAMES(11), NAMES(12),
};

/* Panels outside, rows inside: a tile's panels stay in the cache while all rows of the call pass by. */
static void run_panels(const mor4j_product *product, mor4j_range rows, mor4j_range outs)
{
    const mor4j_matrix *w = product->w;
    const int64_t kp = mor4j_panel_cols(w->cols), step = rows.last - rows.first == 1 ? ROW_PANELS : TILE_PANELS;
    const int64_t last = (outs.last + MOR4J_PANEL - 1) / MOR4J_PANEL;
    panel_place place = {.x_stride = product->x_stride,
                         .y_stride = product->y_stride,
                         .kp = kp,
                         .panel_bytes = kp * PANEL_COL_BYTES,
                         .add = product->add};
    for (int64_t panel = outs.first / MOR4J_PANEL, np; panel < last; panel += np) {
        np = last - panel < step ? last - panel : step;
        place.w = (const char *)w->data + panel * place.panel_bytes;
        place.outs = w->rows - panel * MOR4J_PANEL;
        for (int64_t i = rows.first, mr; i < rows.last; i += mr) {
            mr = rows.last - i < TILE_ROWS ? rows.last - i : TILE_ROWS;
            place.cold = i == rows.first;
            place.x = (const char *)product->x + i * product->x_stride;
            place.y = product->y + i * product->y_stride + panel * MOR4J_PANEL;
            tiles[mr - 1][np - 1](&place);
        }
    }
}
