/*
 * The input rows of mor4j_cuda_project in shared memory as float32, some columns at a time. A warp's lanes take 4
 * `parts` columns each at a time, side by side; these lie as [part][lane][4], so that lanes read float4 from different
 * banks.
 */
#ifndef MOR4J_PROJECT_INPUT_CUH
#define MOR4J_PROJECT_INPUT_CUH

#include "numbers.cuh"
#include "reduce.cuh"

#define PROJECT_WARPS 4
#define PROJECT_THREADS (PROJECT_WARPS * WARP)

/* Columns that are staged together. */
__host__ __device__ constexpr int stage_columns(int rows)
{
    return rows == 1 ? 4096 : rows == 2 ? 2048 : rows <= 8 ? 1024 : 512;
}

template <int ROWS> struct project_input {
    static constexpr int vectors = stage_columns(ROWS) / 4;
    float4 x[ROWS][vectors];
    float squares[ROWS][PROJECT_THREADS]; /* with a norm: a thread's part of the sum of squares of a row */
    float inverse[ROWS];
};

/* Columns column .. column + 3 of a row of `columns`, 0 beyond its end. ALIGNED rows consist of whole such pieces. */
template <bool ALIGNED, typename T>
__device__ inline void load_columns(const T *row, int64_t column, int64_t columns, float (&v)[4])
{
#pragma unroll
    for (int j = 0; j < 4; j++) v[j] = 0.0f;
    if constexpr (ALIGNED) {
        if (column < columns) load(row + column, v);
    } else {
#pragma unroll
        for (int j = 0; j < 4; j++) {
            if (column + j < columns) v[j] = widen(row[column + j]);
        }
    }
}

/* Takes v, columns of row r, into the row's sum of squares, of which `begun` says whether there is one, and multiplies
   it by `weight`. */
template <int ROWS>
__device__ inline void weigh_input(const float (&weight)[4], int r, bool begun, project_input<ROWS> &input,
                                   float (&v)[4])
{
    float sum = begun ? input.squares[r][threadIdx.x] : 0.0f;
#pragma unroll
    for (int j = 0; j < 4; j++) {
        sum = fmaf(v[j], v[j], sum);
        v[j] *= weight[j];
    }
    input.squares[r][threadIdx.x] = sum;
}

/* Pieces of four columns of `rows` rows that a thread has on their way together. */
template <int ROWS> struct staged_pieces {
    static constexpr int rows = ROWS < 4 ? ROWS : 4;
    static constexpr int pieces = ROWS == 1 ? 2 : 1;
    static constexpr int turns = project_input<ROWS>::vectors / PROJECT_THREADS / pieces;
    float weight[pieces][4], v[rows][pieces][4];
};

/* Columns `column` + 512 p of the rows from `begin` on; of rows not taken 0. */
template <bool ALIGNED, int ROWS, typename T>
__device__ inline void load_pieces(const mor4j_cuda_project_args &args, int count, int begin, int64_t column,
                                   staged_pieces<ROWS> &to)
{
    const int64_t columns = args.matrix.cols;
#pragma unroll
    for (int i = 0; i < staged_pieces<ROWS>::rows; i++) {
        const int r = begin + i;
        const int64_t row = args.indexed ? args.rows.list[r < count ? r : 0] : r;
        const T *from = static_cast<const T *>(args.input) + row * columns;
#pragma unroll
        for (int p = 0; p < staged_pieces<ROWS>::pieces; p++) {
            load_columns<ALIGNED>(from, r < count ? column + p * 4 * PROJECT_THREADS : columns, columns, to.v[i][p]);
        }
    }
}

/* Stages the columns from `first` on, as far as they or what is rounded up to whole steps of a warp go. */
template <int PARTS, bool ALIGNED, int ROWS, typename T>
__device__ inline void stage_columns_of(const mor4j_cuda_project_args &args, int count, int64_t first,
                                        project_input<ROWS> &input)
{
    typedef staged_pieces<ROWS> staged;
    constexpr int span = 4 * PARTS * WARP;
    const int64_t columns = args.matrix.cols, end = (columns + span - 1) / span * span;
    staged s;
#pragma unroll 1
    for (int turn = 0; turn < staged::turns; turn++) {
        const int piece = turn * staged::pieces * PROJECT_THREADS + (int)threadIdx.x;
        const int64_t column = first + 4 * piece;
        if (args.norm_weight != nullptr) {
#pragma unroll
            for (int p = 0; p < staged::pieces; p++) {
                load_columns<ALIGNED>(args.norm_weight, column + p * 4 * PROJECT_THREADS, columns, s.weight[p]);
            }
        }
#pragma unroll 1
        for (int begin = 0; begin < ROWS; begin += staged::rows) {
            load_pieces<ALIGNED, ROWS, T>(args, count, begin, column, s);
#pragma unroll
            for (int p = 0; p < staged::pieces; p++) {
                if (column + p * 4 * PROJECT_THREADS >= end) continue;
                const int i = piece + p * PROJECT_THREADS, lane = i / PARTS % WARP;
                const int at = i / (PARTS * WARP) * (PARTS * WARP) + i % PARTS * WARP + lane;
#pragma unroll
                for (int r = 0; r < staged::rows; r++) {
                    float(&x)[4] = s.v[r][p];
                    if (args.norm_weight != nullptr) {
                        weigh_input(s.weight[p], begin + r, first + i >= PROJECT_THREADS, input, x);
                    }
                    input.x[begin + r][at] = float4{x[0], x[1], x[2], x[3]};
                }
            }
        }
        if (column - 4 * (int64_t)threadIdx.x + staged::pieces * 4 * PROJECT_THREADS >= end) return;
    }
}

template <int PARTS, bool ALIGNED, int ROWS>
__device__ inline void stage_input(const mor4j_cuda_project_args &args, int count, int64_t first,
                                   project_input<ROWS> &input)
{
    if (args.norm_weight != nullptr || args.type == MOR4J_CUDA_F32) {
        stage_columns_of<PARTS, ALIGNED, ROWS, float>(args, count, first, input);
    } else if (args.type == MOR4J_CUDA_BF16) {
        stage_columns_of<PARTS, ALIGNED, ROWS, bf16_t>(args, count, first, input);
    } else {
        stage_columns_of<PARTS, ALIGNED, ROWS, f16_t>(args, count, first, input);
    }
}

/* After all columns and a barrier: what each row's products are to be multiplied by, its norm being left out until
   now. */
template <int ROWS>
__device__ inline void find_inverses(const mor4j_cuda_project_args &args, project_input<ROWS> &input)
{
    const int lane = (int)threadIdx.x % WARP;
    for (int r = (int)threadIdx.x / WARP; r < ROWS; r += PROJECT_WARPS) {
        float sum = 0.0f;
        for (int i = lane; i < PROJECT_THREADS; i += WARP) {
            sum += (int64_t)4 * i < args.matrix.cols ? input.squares[r][i] : 0.0f;
        }
        sum = warp_sum(sum);
        if (lane == 0) input.inverse[r] = 1.0f / sqrtf(sum / static_cast<float>(args.matrix.cols) + args.eps);
    }
    __syncthreads();
}

#endif
