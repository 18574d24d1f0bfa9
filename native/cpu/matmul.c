/* A product y [rows, outs] = x w^T over a team: which thread computes which part. The arithmetic is in kernels/matmul.c. */
#include "context.h"

#define UNIT 24      /* outputs; whole tiles for every instruction set */
#define BLOCK 48     /* outputs; with K = 1536 in float32 300 KB, which stays in the second cache over a block of rows */

typedef struct matmul_part {
    const mor4j_kernels *kernels;
    const mor4j_product *product;
} matmul_part;

static void run_part(const void *arg, mor4j_range rows, mor4j_range outs)
{
    const matmul_part *part = arg;
    part->kernels->matmul(part->product, rows, outs);
}

void mor4j_team_matmul(const mor4j_team *team, const mor4j_kernels *kernels, const mor4j_product *product, int64_t rows)
{
    const matmul_part part = {kernels, product};
    mor4j_team_split(team, rows, product->w->rows, UNIT, BLOCK, product->w->cols, run_part, &part);
}
