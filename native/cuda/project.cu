/*
 * Skinny products: p = W x for up to 16 rows x, each weight read once. A warp takes two or four outputs; its lanes take
 * columns by turns, 16 bytes of weights at a time, several of those on their way, the first ones before the input is
 * staged. A row's sum is in order of columns within a lane, then a tree over the lanes, however many rows and outputs
 * there are beside it.
 */
#include "project_input.cuh"
#include "project_weights.cuh"
#include "rows.cuh"

#define CACHE_LINE 128 /* bytes */

/* Blocks of threads that a multiprocessor has registers for. */
__host__ __device__ constexpr int project_blocks(int rows, bool int8, bool aligned)
{
    return rows == 16 ? (aligned ? 3 : 2) : rows > 2 || int8 ? 4 : 5;
}

/* ROWS rows, OUTS outputs of a warp. */
template <typename W, int ROWS, int OUTS> struct project_shape {
    static constexpr int parts = weights<W>::columns / 4;
    static constexpr int span = weights<W>::columns * WARP;  /* columns of a step of a warp */
    static constexpr int steps = stage_columns(ROWS) / span; /* that are staged together    */
    static constexpr int wanted = OUTS == 4 ? 2 : 4;
    static constexpr int depth = wanted < steps ? wanted : steps; /* steps whose weights are on their way */
    static constexpr int values = ROWS * OUTS;
    static_assert(steps % depth == 0, "a stage is whole turns");
};

/* The weight row that is output o of a warp whose first is `first`: with SILU_MUL the gates come first, then as many
   up. */
template <int OUTS> __device__ inline int64_t weight_row(const mor4j_cuda_project_args &args, int64_t first, int o)
{
    const int64_t half = args.matrix.rows / 2;
    const bool gated = args.epilogue == MOR4J_CUDA_SILU_MUL, up = gated && o >= OUTS / 2;
    const int64_t row = first + (up ? o - OUTS / 2 : o), last = (gated ? half : args.matrix.rows) - 1;
    return (row < last ? row : last) + (up ? half : 0);
}

/*
 * Weights are there before the input is: they come nearer while the kernel before still runs. Not for rows that did not
 * come this far, as far as the count shows it yet.
 */
template <typename W, int OUTS>
__device__ inline void prefetch_weights(const mor4j_cuda_project_args &args, int64_t first)
{
    if (*static_cast<const volatile int32_t *>(args.rows.count) <= 0) return;
    const int64_t bytes = args.matrix.cols * (int64_t)sizeof(W);
    for (int o = 0; o < OUTS; o++) {
        const char *row = static_cast<const char *>(args.matrix.data) + weight_row<OUTS>(args, first, o) * bytes;
        for (int64_t at = (int64_t)threadIdx.x % WARP * CACHE_LINE; at < bytes; at += WARP * CACHE_LINE) {
            prefetch(row + at);
        }
    }
}

__device__ inline void add_product(const float (&w)[4], const float4 &x, float &sum)
{
    sum = fmaf(w[0], x.x, sum);
    sum = fmaf(w[1], x.y, sum);
    sum = fmaf(w[2], x.z, sum);
    sum = fmaf(w[3], x.w, sum);
}

/* One step: every lane's columns of the weights, by all rows. */
template <typename W, int ROWS, int OUTS>
__device__ inline void multiply(const weights<W> (&from)[OUTS], const project_input<ROWS> &input, int step, int count,
                                float (&acc)[project_shape<W, ROWS, OUTS>::values])
{
    typedef project_shape<W, ROWS, OUTS> shape;
    constexpr int group = ROWS < 4 ? ROWS : 4; /* rows that are left out together when there are not so many */
    const int lane = (int)threadIdx.x % WARP;
#pragma unroll
    for (int part = 0; part < shape::parts; part++) {
        float w[OUTS][4];
#pragma unroll
        for (int o = 0; o < OUTS; o++) unpack(from[o], part, w[o]);
        const int at = (step * shape::parts + part) * WARP + lane;
#pragma unroll
        for (int begin = 0; begin < ROWS; begin += group) {
            if (begin < count) {
#pragma unroll
                for (int r = begin; r < begin + group; r++) {
                    const float4 x = input.x[r][at];
#pragma unroll
                    for (int o = 0; o < OUTS; o++) add_product(w[o], x, acc[r * OUTS + o]);
                }
            }
        }
    }
}

/*
 * Sums over the lanes of VALUES numbers each, as butterflies do, but a lane gives away half of its numbers to lane ^
 * OTHER as long as it has several. Lane l is left with what began at VALUES l / 32.
 */
template <int VALUES, int OTHER, int N> __device__ inline void sum_lanes(float (&v)[N])
{
    constexpr int kept = VALUES / 2;
    const bool upper = ((int)threadIdx.x & OTHER) != 0;
#pragma unroll
    for (int i = 0; i < kept; i++) {
        const float theirs = __shfl_xor_sync(ALL_LANES, upper ? v[i] : v[i + kept], OTHER);
        v[i] = (upper ? v[i + kept] : v[i]) + theirs;
    }
    if constexpr (kept == 0) v[0] += __shfl_xor_sync(ALL_LANES, v[0], OTHER);
    if constexpr (OTHER > 1) sum_lanes<kept == 0 ? 1 : kept, OTHER / 2>(v);
}

__device__ inline void store_output(const mor4j_cuda_project_args &args, int64_t at, float p)
{
    if (args.epilogue == MOR4J_CUDA_ADD_F32) {
        static_cast<float *>(args.out)[at] += p;
    } else if (args.epilogue == MOR4J_CUDA_STORE_F32 || args.type == MOR4J_CUDA_F32) {
        static_cast<float *>(args.out)[at] = p;
    } else if (args.type == MOR4J_CUDA_BF16) {
        static_cast<bf16_t *>(args.out)[at] = from_float<bf16_t>(p);
    } else {
        static_cast<f16_t *>(args.out)[at] = from_float<f16_t>(p);
    }
}

/* A warp's products [rows][OUTS], to where they belong. */
template <int ROWS, int OUTS>
__device__ inline void store_products(const mor4j_cuda_project_args &args, int64_t first, int count,
                                      const float *products, const float *inverse)
{
    const bool gated = args.epilogue == MOR4J_CUDA_SILU_MUL;
    const int outs = gated ? OUTS / 2 : OUTS;
    const int64_t outputs = gated ? args.matrix.rows / 2 : args.matrix.rows;
    for (int i = (int)threadIdx.x % WARP; i < count * outs; i += WARP) {
        const int r = i / outs, o = i % outs;
        if (first + o >= outputs) continue;
        const float factor = args.norm_weight != nullptr ? inverse[r] : 1.0f;
        float p = products[r * OUTS + o] * factor;
        if (gated) p = p / (1.0f + expf(-p)) * (products[r * OUTS + outs + o] * factor);
        store_output(args, r * args.stride + first + o, p);
    }
}

template <typename W, int ROWS, int OUTS, bool ALIGNED>
__global__ void __launch_bounds__(PROJECT_THREADS, project_blocks(ROWS, sizeof(W) == 1, ALIGNED))
    project_kernel(const mor4j_cuda_project_args args)
{
    typedef project_shape<W, ROWS, OUTS> shape;
    typedef project_input<ROWS> input_type;
    MOR4J_SHARED input_type input;
    MOR4J_SHARED float products[PROJECT_WARPS][shape::values];
    const int warp = (int)threadIdx.x / WARP, lane = (int)threadIdx.x % WARP;
    const int outs = args.epilogue == MOR4J_CUDA_SILU_MUL ? OUTS / 2 : OUTS;
    const int64_t first = ((int64_t)blockIdx.x * PROJECT_WARPS + warp) * outs;
    const int64_t steps = (args.matrix.cols + shape::span - 1) / shape::span;
    prefetch_weights<W, OUTS>(args, first);
    await_previous_kernel();
    const int count = *args.rows.count;
    if (count <= 0) return;
    weights<W> coming[shape::depth][OUTS];
    const auto request = [&](int64_t step, int slot) {
#pragma unroll
        for (int o = 0; o < OUTS; o++) {
            const int64_t column = step * shape::span + lane * weights<W>::columns;
            load_weights<W, ALIGNED>(args.matrix, weight_row<OUTS>(args, first, o), column, coming[slot][o]);
        }
    };
#pragma unroll
    for (int u = 0; u < shape::depth; u++) request(u, u);
    float acc[shape::values] = {};
    for (int64_t turn = 0; turn < steps; turn += shape::depth) {
        const int staged = (int)(turn % shape::steps);
        if (staged == 0) {
            __syncthreads();
            stage_input<shape::parts, ALIGNED>(args, count, turn * shape::span, input);
            __syncthreads();
        }
#pragma unroll
        for (int u = 0; u < shape::depth; u++) {
            if (turn + u < steps) multiply<W, ROWS, OUTS>(coming[u], input, staged + u, count, acc);
            request(turn + u + shape::depth, u);
        }
    }
    sum_lanes<shape::values, WARP / 2>(acc);
    constexpr int held = shape::values < WARP ? 1 : shape::values / WARP;
#pragma unroll
    for (int i = 0; i < held; i++) {
        products[warp][lane * shape::values / WARP + i] = acc[i]; /* lanes with the same write the same */
    }
    if (args.norm_weight != nullptr) find_inverses(args, input);
    __syncwarp();
    store_products<ROWS, OUTS>(args, first, count, products[warp], input.inverse);
}

template <typename W, int ROWS, int OUTS, bool ALIGNED>
static int32_t launch_project(const mor4j_cuda_project_args &args, void *stream)
{
    const bool gated = args.epilogue == MOR4J_CUDA_SILU_MUL;
    const int64_t outputs = gated ? args.matrix.rows / 2 : args.matrix.rows;
    const int64_t outs = PROJECT_WARPS * (gated ? OUTS / 2 : OUTS), blocks = (outputs + outs - 1) / outs;
    if (blocks > INT32_MAX) return cudaErrorInvalidValue;
    return MOR4J_LAUNCH((project_kernel<W, ROWS, OUTS, ALIGNED>), dim3((unsigned)blocks), dim3(PROJECT_THREADS), 0,
                        stream, args);
}

template <typename W> static int32_t project(const mor4j_cuda_project_args &args, void *stream)
{
    if (!takes_vectors(args.matrix.cols, weights<W>::columns)) return launch_project<W, 16, 4, false>(args, stream);
    const int32_t rows = args.rows.bucket;
    if (rows == 1) return launch_project<W, 1, 2, true>(args, stream);
    if (rows == 2) return launch_project<W, 2, 2, true>(args, stream);
    if (rows <= 4) return launch_project<W, 4, 2, true>(args, stream);
    if (rows <= 8) return launch_project<W, 8, 2, true>(args, stream);
    return launch_project<W, 16, 4, true>(args, stream);
}

static bool project_is_valid(const mor4j_cuda_project_args &args)
{
    const mor4j_cuda_matrix &m = args.matrix;
    const bool gated = args.epilogue == MOR4J_CUDA_SILU_MUL;
    return rows_are_valid(args.rows) && args.rows.bucket <= MOR4J_CUDA_SKINNY_ROWS && m.data != nullptr &&
           m.rows >= 1 && m.cols >= 1 && m.type >= MOR4J_CUDA_F32 && m.type <= MOR4J_CUDA_INT8 &&
           (m.type != MOR4J_CUDA_INT8 || m.scales != nullptr) && args.input != nullptr && args.out != nullptr &&
           is_float_type(args.type) && args.epilogue >= MOR4J_CUDA_STORE && args.epilogue <= MOR4J_CUDA_SILU_MUL &&
           (!gated || m.rows % 2 == 0) && args.stride >= (gated ? m.rows / 2 : m.rows);
}

int32_t mor4j_cuda_project(const mor4j_cuda_project_args *args, void *stream)
{
    if (args == nullptr || !project_is_valid(*args)) return cudaErrorInvalidValue;
    switch (args->matrix.type) {
    case MOR4J_CUDA_F32: return project<float>(*args, stream);
    case MOR4J_CUDA_BF16: return project<bf16_t>(*args, stream);
    case MOR4J_CUDA_F16: return project<f16_t>(*args, stream);
    default: return project<int8_t>(*args, stream);
    }
}
