/*
 * Queries and keys of a pass turn by their token's position, and keys and values go to the cache. A warp a head of a
 * row: of its queries, then keys, then values.
 */
#include "rows.cuh"
#include "turn.cuh"

#define HEADS_IN_BLOCK 8

/* put(d, numbers from d on) for the turned head [DH]; element d turns with element d + DH/2. N divides DH/2. */
template <int N, typename T, typename Put>
__device__ inline void turn_head(const T *x, const turns &turn, int half, int lane, Put put)
{
    for (int d = lane * N; d < half; d += WARP * N) {
        float a[N], b[N], first[N], second[N];
        load(x + d, a);
        load(x + half + d, b);
#pragma unroll
        for (int j = 0; j < N; j++) turn_pair(turn, d + j, a[j], b[j], &first[j], &second[j]);
        put(d, first);
        put(half + d, second);
    }
}

/* Turns a key, or takes a value as it is, and stores it. `staged` [DH] is the warp's. */
template <typename T, int KV, int N>
__device__ inline void append_head(const mor4j_cuda_cache &cache, const mor4j_cuda_kv_row &row, const T *x, bool is_key,
                                   int head, const turns &turn, int lane, float *staged)
{
    const int dh = cache.head_dim, place = row.slot % KV_ENTRIES;
    unsigned char *block = block_of_entry<KV>(cache, row, head);
    if (is_key) {
        turn_head<N>(x, turn, dh / 2, lane, [=](int d, const float(&v)[N]) { store(staged + d, v); });
    } else {
        for (int d = 2 * lane; d < dh; d += 2 * WARP) {
            float v[2];
            load(x + d, v);
            store(staged + d, v);
        }
    }
    __syncwarp();
    if (is_key) {
        store_entry<KV, true>(staged, dh, place, lane, block);
    } else {
        store_entry<KV, false>(staged, dh, place, lane, block + kv_half_bytes<KV>(dh));
    }
}

template <typename T, int KV, int N>
__global__ void __launch_bounds__(HEADS_IN_BLOCK *WARP) turn_and_append(const mor4j_cuda_rope_append_args args)
{
    await_previous_kernel();
    MOR4J_SHARED turns turn[1];
    MOR4J_SHARED float4 staged[HEADS_IN_BLOCK][MOR4J_CUDA_MAX_HEAD_DIM / 4];
    const mor4j_cuda_cache &cache = args.cache;
    const int lane = (int)threadIdx.x % WARP, warp = (int)threadIdx.x / WARP, half = cache.head_dim / 2;
    int64_t state;
    if (!takes_row(args.rows, blockIdx.x, &state)) return;
    const mor4j_cuda_kv_row row = cache.kv[state];
    const int heads = stores_entry(cache, row) ? cache.heads + 2 * cache.kv_heads : cache.heads;
    const int first = (int)blockIdx.y * HEADS_IN_BLOCK;
    if (first >= heads) return;
    compute_turns(args.positions[state], args.inverse_frequencies, half, turn);
    __syncthreads();
    const int head = first + warp;
    if (head >= heads) return;
    const int64_t in_row = (int64_t)cache.heads + 2 * cache.kv_heads;
    T *x = static_cast<T *>(args.qkv) + (blockIdx.x * in_row + head) * cache.head_dim;
    if (head < cache.heads) {
        turn_head<N>(x, *turn, half, lane, [=](int d, const float(&v)[N]) { store(x + d, v); });
        return;
    }
    const bool is_key = head < cache.heads + cache.kv_heads;
    const int kv_head = head - cache.heads - (is_key ? 0 : cache.kv_heads);
    append_head<T, KV, N>(cache, row, x, is_key, kv_head, *turn, lane, reinterpret_cast<float *>(staged[warp]));
}

template <typename T, int KV> static int32_t rope_append(const mor4j_cuda_rope_append_args &args, void *stream)
{
    const mor4j_cuda_cache &cache = args.cache;
    const int64_t heads =
        cache.heads + (cache.kv_mode == MOR4J_CUDA_KV_READ ? (int64_t)0 : 2 * (int64_t)cache.kv_heads);
    const int64_t parts = (heads + HEADS_IN_BLOCK - 1) / HEADS_IN_BLOCK;
    if (parts > MOST_GRID_Y) return cudaErrorInvalidValue;
    const dim3 grid(static_cast<unsigned>(args.rows.bucket), static_cast<unsigned>(parts));
    if (cache.head_dim % 4 == 0) {
        return MOR4J_LAUNCH((turn_and_append<T, KV, 2>), grid, HEADS_IN_BLOCK * WARP, 0, stream, args);
    }
    return MOR4J_LAUNCH((turn_and_append<T, KV, 1>), grid, HEADS_IN_BLOCK * WARP, 0, stream, args);
}

int32_t mor4j_cuda_rope_append(const mor4j_cuda_rope_append_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->rows) || !kv_cache_is_valid(args->cache)) return cudaErrorInvalidValue;
    if (args->qkv == nullptr || args->positions == nullptr) return cudaErrorInvalidValue;
    if (args->inverse_frequencies == nullptr || !is_float_type(args->type)) return cudaErrorInvalidValue;
    return with_type(args->type, [&](auto number) {
        typedef decltype(number) T;
        switch (args->cache.kv_type) {
        case MOR4J_CUDA_KV_F32: return rope_append<T, MOR4J_CUDA_KV_F32>(*args, stream);
        case MOR4J_CUDA_KV_BF16: return rope_append<T, MOR4J_CUDA_KV_BF16>(*args, stream);
        default: return rope_append<T, MOR4J_CUDA_KV_INT8>(*args, stream);
        }
    });
}
