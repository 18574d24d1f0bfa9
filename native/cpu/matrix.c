/* Sizes of weights, and whether a matrix is what a call takes it for. */
#include <stddef.h>

#include "context.h"

int64_t mor4j_matrix_bytes(int64_t rows, int64_t cols, int32_t dtype)
{
    if (rows < 1 || rows > MOR4J_MAX_SIZE || cols < 1 || cols > MOR4J_MAX_SIZE) return -1;
    const int64_t panels = (rows + MOR4J_PANEL - 1) / MOR4J_PANEL * mor4j_panel_cols(cols);
    switch (dtype) {
    case MOR4J_F32: return rows * cols * 4;
    case MOR4J_BF16: return rows * cols * 2;
    case MOR4J_BF16_PANELS: return panels * 32;
    case MOR4J_INT8_PANELS: return panels * 17;
    case MOR4J_INT4_PANELS: return panels * 9;
    default: return -1;
    }
}

bool mor4j_matrix_is(const mor4j_matrix *matrix, int64_t rows, int64_t cols)
{
    return matrix->data != NULL && matrix->rows == rows && matrix->cols == cols && matrix->dtype >= MOR4J_F32 &&
           matrix->dtype <= MOR4J_INT4_PANELS && (!mor4j_is_panels(matrix->dtype) || (uintptr_t)matrix->data % 64 == 0);
}

bool mor4j_rows_matrix_is(const mor4j_matrix *matrix, int64_t rows, int64_t cols)
{
    return mor4j_matrix_is(matrix, rows, cols) && !mor4j_is_panels(matrix->dtype);
}

bool mor4j_rows_are_valid(const int32_t *row_index, int32_t rows)
{
    for (int32_t i = 0; row_index != NULL && i < rows; i++) {
        if (row_index[i] < 0) return false;
    }
    return true;
}
