/* 16 bytes of a weight matrix as a lane of mor4j_cuda_project holds them: on their way first, numbers later. */
#ifndef MOR4J_PROJECT_WEIGHTS_CUH
#define MOR4J_PROJECT_WEIGHTS_CUH

#include "numbers.cuh"

#define SCALE_COLUMNS 32 /* of an INT8 matrix that share a scale */

template <typename W> struct weights {
    static constexpr int columns = 16 / (int)sizeof(W);
    uint4 raw;
    bf16_t scale; /* int8 */
};

/* Rows of an ALIGNED matrix consist of whole such pieces. Columns beyond the last are 0. */
template <typename W, bool ALIGNED>
__device__ inline void load_weights(const mor4j_cuda_matrix &matrix, int64_t row, int64_t column, weights<W> &to)
{
    constexpr int columns = weights<W>::columns;
    to.raw = uint4{0, 0, 0, 0};
    to.scale = from_float<bf16_t>(0.0f);
    if (column >= matrix.cols) return;
    const W *from = static_cast<const W *>(matrix.data) + row * matrix.cols + column;
    if (ALIGNED) {
        to.raw = *reinterpret_cast<const uint4 *>(from);
    } else {
        W part[columns];
        memcpy(part, &to.raw, sizeof to.raw);
#pragma unroll
        for (int j = 0; j < columns; j++) {
            if (column + j < matrix.cols) part[j] = from[j];
        }
        memcpy(&to.raw, part, sizeof to.raw);
    }
    if (sizeof(W) == 1) {
        const int64_t blocks = (matrix.cols + SCALE_COLUMNS - 1) / SCALE_COLUMNS;
        to.scale = reinterpret_cast<const bf16_t *>(matrix.scales)[row * blocks + column / SCALE_COLUMNS];
    }
}

/* Numbers 4 part .. 4 part + 3. */
template <typename W> __device__ inline void unpack(const weights<W> &from, int part, float (&w)[4])
{
    W numbers[weights<W>::columns];
    memcpy(numbers, &from.raw, sizeof from.raw);
#pragma unroll
    for (int j = 0; j < 4; j++) {
        w[j] = sizeof(W) == 1 ? to_float(from.scale) * widen(numbers[4 * part + j]) : widen(numbers[4 * part + j]);
    }
}

#endif
