/* Numbers of a weight matrix (mor4j_cuda_matrix) as float32, whatever it is stored in. */
#ifndef MOR4J_WEIGHTS_CUH
#define MOR4J_WEIGHTS_CUH

#include "numbers.cuh"

#define WEIGHT_GROUP 32 /* columns that share an INT8 scale */

/* v = N numbers of a row from `col` on; N divides col and WEIGHT_GROUP. W: a float type, or int8_t. */
template <int N, typename W>
__device__ inline void load_weights(const mor4j_cuda_matrix &matrix, int64_t row, int64_t col, float (&v)[N])
{
    load(static_cast<const W *>(matrix.data) + row * matrix.cols + col, v);
    if (sizeof(W) > 1) return;
    const int64_t groups = (matrix.cols + WEIGHT_GROUP - 1) / WEIGHT_GROUP;
    bf16_t scale;
    memcpy(&scale, matrix.scales + row * groups + col / WEIGHT_GROUP, sizeof scale);
    const float factor = to_float(scale);
#pragma unroll
    for (int j = 0; j < N; j++) v[j] *= factor;
}

inline bool matrix_is_valid(const mor4j_cuda_matrix &matrix)
{
    const bool int8 = matrix.type == MOR4J_CUDA_INT8;
    return matrix.data != nullptr && matrix.rows >= 1 && matrix.cols >= 1 && (int8 || is_float_type(matrix.type)) &&
           int8 == (matrix.scales != nullptr);
}

#endif
