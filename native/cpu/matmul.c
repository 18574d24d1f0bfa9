/* Products y [rows, outs] = x w^T over a team: which thread computes which part. The arithmetic is in kernels/. */
#include "context.h"

#define ROW_UNIT 24   /* outputs; whole tiles of row-major weights for every instruction set */
#define ROW_BLOCK 48  /* outputs; 300 KB with K = 1536 in float32: stays in the second cache over a tile of rows */
#define PANEL_UNIT 32 /* outputs */
#define PANEL_BLOCK 64

int64_t mor4j_split_unit(int32_t dtype) { return mor4j_is_panels(dtype) ? PANEL_UNIT : ROW_UNIT; }

int64_t mor4j_split_block(int32_t dtype) { return mor4j_is_panels(dtype) ? PANEL_BLOCK : ROW_BLOCK; }

typedef struct products_run {
    const mor4j_kernels *kernels;
    const mor4j_product *products;
    int32_t count;
    int64_t unit;
} products_run;

/* Outputs of all products counted through, each product's rounded up to whole units. */
static void run_part(const void *arg, mor4j_range rows, mor4j_range outs)
{
    const products_run *run = arg;
    int64_t begin = 0;
    for (int32_t p = 0; p < run->count; p++) {
        const int64_t size = run->products[p].w->rows, whole = (size + run->unit - 1) / run->unit * run->unit;
        const int64_t first = outs.first > begin ? outs.first - begin : 0;
        const int64_t last = outs.last - begin < size ? outs.last - begin : size;
        if (first < last) run->kernels->matmul(&run->products[p], rows, (mor4j_range){first, last});
        begin += whole;
    }
}

void mor4j_team_products(const mor4j_team *team, const mor4j_kernels *kernels, const mor4j_product *products,
                         int32_t count, int64_t rows)
{
    const int32_t dtype = products[0].w->dtype;
    const int64_t unit = mor4j_split_unit(dtype);
    const products_run run = {kernels, products, count, unit};
    int64_t outs = 0;
    for (int32_t p = 0; p < count; p++) outs += (products[p].w->rows + unit - 1) / unit * unit;
    mor4j_team_split(team, rows, outs, unit, mor4j_split_block(dtype), products[0].w->cols, run_part, &run);
}
