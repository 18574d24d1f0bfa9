/* A context: the kernels of one instruction set and a pool of threads. */
#ifndef MOR4J_CONTEXT_H
#define MOR4J_CONTEXT_H

#include "kernels/kernels.h"
#include "team.h"

struct mor4j_context {
    mor4j_pool pool;
    const mor4j_kernels *kernels;
};

/* Multiply-adds that take as long as moving or adding a row of `floats` floats, about. */
static inline int64_t mor4j_row_work(int64_t floats) { return floats / 4; }

/* How a product with weights of this number type is cut: parts are multiples of the unit, and with many rows about a
   block. */
int64_t mor4j_split_unit(int32_t dtype);
int64_t mor4j_split_block(int32_t dtype);

/* One phase: products of the same x with weights of one number type and width, split over the team by outputs, or by
   outputs and rows. */
void mor4j_team_products(const mor4j_team *team, const mor4j_kernels *kernels, const mor4j_product *products,
                         int32_t count, int64_t rows);

/* Sizes beyond which a size is refused: products of three of them, and sums of a few such, fit 63 bits. */
#define MOR4J_MAX_SIZE ((int64_t)1 << 28)

/* Known number type, aligned data and exact shape. */
bool mor4j_matrix_is(const mor4j_matrix *matrix, int64_t rows, int64_t cols);

/* The same, and row-major: what norms and routers are. */
bool mor4j_rows_matrix_is(const mor4j_matrix *matrix, int64_t rows, int64_t cols);

/* NULL, or `rows` indices that are not negative. */
bool mor4j_rows_are_valid(const int32_t *row_index, int32_t rows);

/* The row of x that row i of a pass reads. */
static inline int64_t mor4j_row(const int32_t *row_index, int64_t i) { return row_index == NULL ? i : row_index[i]; }

#endif
