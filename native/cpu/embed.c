/* Rows of x [.., H] = rows of the embedding table [V, H], widened. */
#include "context.h"

typedef struct embed_run {
    const mor4j_kernels *kernels;
    const mor4j_matrix *table;
    const int32_t *ids, *row_index;
    float *x;
    int32_t rows;
} embed_run;

static void embed_rows(const void *arg, mor4j_range rows)
{
    const embed_run *run = arg;
    for (int64_t i = rows.first; i < rows.last; i++) {
        run->kernels->widen_row(run->table, run->ids[i], run->x + mor4j_row(run->row_index, i) * run->table->cols);
    }
}

static void embed(const void *arg, const mor4j_team *team)
{
    const embed_run *run = arg;
    mor4j_team_for(team, run->rows, mor4j_row_work(run->table->cols), true, embed_rows, run);
}

int32_t mor4j_embed(mor4j_context *context, const mor4j_matrix *table, const int32_t *ids, const int32_t *row_index,
                    int32_t rows, float *x)
{
    if (context == NULL || table == NULL || rows < 0) return MOR4J_INVALID_ARGUMENT;
    if (table->rows < 1 || table->rows > MOR4J_MAX_SIZE || table->cols < 1 || table->cols > MOR4J_MAX_SIZE ||
        !mor4j_matrix_is(table, table->rows, table->cols)) {
        return MOR4J_INVALID_ARGUMENT;
    }
    if (rows == 0) return MOR4J_OK;
    if (ids == NULL || x == NULL || !mor4j_rows_are_valid(row_index, rows)) return MOR4J_INVALID_ARGUMENT;
    for (int32_t i = 0; i < rows; i++) {
        if (ids[i] < 0 || ids[i] >= table->rows) return MOR4J_INVALID_ARGUMENT;
    }
    const embed_run run = {context->kernels, table, ids, row_index, x, rows};
    mor4j_team_run(&context->pool, embed, &run, rows * mor4j_row_work(table->cols));
    return MOR4J_OK;
}
