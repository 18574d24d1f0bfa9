/*
 * Scores of routers for the rows of a pass. A linear router takes one thread block a row and output. The first matrix
 * of an mlp router is the large one: a warp takes two of its outputs for eight rows at a time, and reads their weights
 * once for all of these rows that have the same router. Source: docs/forward-pass.md, section 5, step 1.
 */
#include <math.h>

#include "numbers.cuh"
#include "router_dot.cuh"
#include "rows.cuh"

#define TILE_ROWS 8
#define TILE_WARPS 4
#define WARP_OUTPUTS 2
#define TILE_OUTPUTS (TILE_WARPS * WARP_OUTPUTS)
#define CHUNK 512 /* columns in shared memory at a time */

__device__ static int32_t recursion_of(const mor4j_cuda_route_args &args, int64_t i)
{
    return args.recursions == nullptr ? args.fixed_recursion : args.recursions[args.rows.list[i]];
}

/* z[i][blockIdx.y] = W (x / temperature): W1 of a linear router, or W2 of an mlp router, whose row is in the
   workspace. */
template <typename T, int N>
__global__ void __launch_bounds__(ROUTER_THREADS) route_outputs(const mor4j_cuda_route_args args)
{
    await_previous_kernel();
    MOR4J_SHARED float shared[MOST_WARPS];
    const int64_t i = blockIdx.x, out = blockIdx.y;
    if (!takes_row(args.rows, i)) return;
    const mor4j_cuda_router router = args.routers[recursion_of(args, i)];
    const bool linear = args.inner == 0;
    const int64_t columns = linear ? args.hidden : args.inner;
    const T *w = static_cast<const T *>(linear ? router.w1 : router.w2) + out * columns;
    const float *row = linear ? args.x + args.rows.list[i] * columns : args.workspace + i * columns;
    const float z = router_dot<N>(w, linear ? router.temperature : 1.0f, columns, shared,
                                  [row](int64_t c, float(&x)[N]) { load(row + c, x); });
    if (threadIdx.x == 0) args.z[i * args.outs + out] = z;
}

/* Rows of a tile that have the same router. */
struct route_group {
    int32_t recursion;
    int32_t rows;
    int32_t row[TILE_ROWS]; /* in the bucket */
};

/* The group of the first row of `left`, a bit for each row of the tile; what is left without it. */
__device__ static uint32_t next_group(const mor4j_cuda_route_args &args, int64_t tile, uint32_t left,
                                      route_group *group)
{
    group->rows = 0;
    for (int j = 0; j < TILE_ROWS; j++) {
        if ((left >> j & 1) == 0) continue;
        const int32_t recursion = recursion_of(args, tile + j);
        if (group->rows == 0) group->recursion = recursion;
        if (recursion != group->recursion) continue;
        group->row[group->rows++] = static_cast<int32_t>(tile + j);
        left &= ~(1u << j);
    }
    return left;
}

/* x[m] = columns [from, from + columns) of the group's row m, divided. */
__device__ static void stage(const mor4j_cuda_route_args &args, const route_group &group, float temperature,
                             int64_t from, int columns, float *x)
{
    for (int m = 0; m < group.rows; m++) {
        const float *row = args.x + args.rows.list[group.row[m]] * args.hidden + from;
        for (int c = static_cast<int>(threadIdx.x); c < columns; c += TILE_WARPS * WARP) {
            x[m * CHUNK + c] = row[c] / temperature;
        }
    }
}

/* Adds the products of a chunk. The order of a sum does not depend on ROWS. */
template <int N, int ROWS, typename T>
__device__ static void multiply(const T *const (&w)[WARP_OUTPUTS], const float *x, int columns,
                                float (&sums)[WARP_OUTPUTS][TILE_ROWS])
{
    for (int c = static_cast<int>(threadIdx.x) % WARP * N; c < columns; c += WARP * N) {
        float weights[WARP_OUTPUTS][N];
#pragma unroll
        for (int o = 0; o < WARP_OUTPUTS; o++) load(w[o] + c, weights[o]);
#pragma unroll
        for (int m = 0; m < ROWS; m++) {
            float numbers[N];
            load(x + m * CHUNK + c, numbers);
#pragma unroll
            for (int o = 0; o < WARP_OUTPUTS; o++) {
#pragma unroll
                for (int j = 0; j < N; j++) sums[o][m] = fmaf(weights[o][j], numbers[j], sums[o][m]);
            }
        }
    }
}

__device__ static float gelu(float v) { return 0.5f * v * (1.0f + erff(v * 0.70710678118654752440f)); }

/* The workspace's outputs [out, out + WARP_OUTPUTS) for the rows of a group. `x` [TILE_ROWS][CHUNK], shared */
template <int N, typename T>
__device__ static void route_group_outputs(const mor4j_cuda_route_args &args, const route_group &group, int64_t out,
                                           float *x)
{
    const mor4j_cuda_router router = args.routers[group.recursion];
    float sums[WARP_OUTPUTS][TILE_ROWS] = {};
    for (int64_t from = 0; from < args.hidden; from += CHUNK) {
        const int columns = static_cast<int>(args.hidden - from < CHUNK ? args.hidden - from : CHUNK);
        __syncthreads();
        stage(args, group, router.temperature, from, columns, x);
        __syncthreads();
        const T *w[WARP_OUTPUTS];
        for (int o = 0; o < WARP_OUTPUTS; o++) {
            const int64_t row = out + o < args.inner ? out + o : args.inner - 1;
            w[o] = static_cast<const T *>(router.w1) + row * args.hidden + from;
        }
        if (group.rows == 1) multiply<N, 1>(w, x, columns, sums);
        else multiply<N, TILE_ROWS>(w, x, columns, sums);
    }
#pragma unroll
    for (int m = 0; m < TILE_ROWS; m++) {
#pragma unroll
        for (int o = 0; o < WARP_OUTPUTS; o++) {
            const float sum = warp_sum(sums[o][m]);
            if (threadIdx.x % WARP != 0 || m >= group.rows || out + o >= args.inner) continue;
            args.workspace[static_cast<int64_t>(group.row[m]) * args.inner + out + o] = gelu(sum);
        }
    }
}

/* Four thread blocks of a multiprocessor leave registers enough that none are spilled. */
template <typename T, int N>
__global__ void __launch_bounds__(TILE_WARPS *WARP, 4) route_hidden(const mor4j_cuda_route_args args)
{
    await_previous_kernel();
    MOR4J_SHARED float4 x[TILE_ROWS * CHUNK / 4];
    MOR4J_SHARED route_group group;
    const int64_t tile = static_cast<int64_t>(blockIdx.y) * TILE_ROWS, rest = *args.rows.count - tile;
    if (rest <= 0) return;
    const int64_t out = static_cast<int64_t>(blockIdx.x) * TILE_OUTPUTS + threadIdx.x / WARP * WARP_OUTPUTS;
    uint32_t left = rest < TILE_ROWS ? (1u << rest) - 1 : (1u << TILE_ROWS) - 1;
    MOR4J_SHARED uint32_t left_then;
    while (left != 0) {
        __syncthreads();
        if (threadIdx.x == 0) left_then = next_group(args, tile, left, &group);
        __syncthreads();
        left = left_then;
        route_group_outputs<N, T>(args, group, out, reinterpret_cast<float *>(x));
    }
}

template <typename T> static int32_t launch_hidden(const mor4j_cuda_route_args &args, void *stream)
{
    const dim3 grid(static_cast<unsigned>((args.inner + TILE_OUTPUTS - 1) / TILE_OUTPUTS),
                    static_cast<unsigned>((args.rows.bucket + TILE_ROWS - 1) / TILE_ROWS));
    const auto kernel = takes_vectors(args.hidden, 4) ? route_hidden<T, 4> : route_hidden<T, 1>;
    return MOR4J_LAUNCH(kernel, grid, dim3(TILE_WARPS * WARP), 0, stream, args);
}

template <typename T> static int32_t launch(const mor4j_cuda_route_args &args, void *stream)
{
    const int32_t status = args.inner == 0 ? 0 : launch_hidden<T>(args, stream);
    if (status != 0) return status;
    const dim3 grid(static_cast<unsigned>(args.rows.bucket), static_cast<unsigned>(args.outs));
    const auto kernel =
        takes_vectors(args.inner == 0 ? args.hidden : args.inner, 4) ? route_outputs<T, 4> : route_outputs<T, 1>;
    return MOR4J_LAUNCH(kernel, grid, dim3(ROUTER_THREADS), 0, stream, args);
}

int32_t mor4j_cuda_route(const mor4j_cuda_route_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || args->routers == nullptr || args->x == nullptr ||
        args->z == nullptr || args->hidden < 1 || args->inner < 0 || (args->inner > 0 && args->workspace == nullptr) ||
        args->outs < 1 || args->outs > MOR4J_CUDA_MAX_OUTPUTS ||
        (args->recursions == nullptr && args->fixed_recursion < 0) ||
        (args->rows.bucket - 1) / TILE_ROWS >= MOST_GRID_Y || !is_float_type(args->type)) {
        return cudaErrorInvalidValue;
    }
    return with_type(args->type, [&](auto number) { return launch<decltype(number)>(*args, stream); });
}
