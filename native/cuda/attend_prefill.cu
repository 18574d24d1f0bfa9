/*
 * Attention of many rows of the same sequences side by side. A block of threads takes a tile of rows and the query
 * heads of one KV head; rows that follow each other and have the same tables are a run, which walks the cache once:
 * some entries at a time are staged in shared memory as float32, keys with the entries innermost. Eight lanes share a
 * few queries, and divide entries among each other for the scores, dimensions for the values; so a query never leaves
 * its warp.
 *
 *   DIMS      dimensions that there is room for, DH at most
 *   QUERIES   queries of a thread; a tile has 16 QUERIES, which are pairs of a row and a query head
 *   ENTRIES   entries that are staged together
 */
#include "attention.cuh"

#define PREFILL_THREADS 128
#define SHARERS 8 /* lanes of a query */
#define QUERY_GROUPS (PREFILL_THREADS / SHARERS)
#define PREFILL_SLICE QUERY_GROUPS /* most query heads of a tile: that many queries every tile has room for */

/*
 * Blocks of threads that a multiprocessor is to have registers for: no more of the narrow tiles, 43 KiB, than it has
 * shared memory for, which is 228 KiB on 9.0 and 10.0 and much less on the others.
 */
#if defined(__CUDA_ARCH__) && (__CUDA_ARCH__ == 900 || __CUDA_ARCH__ == 1000)
#define NARROW_BLOCKS 4
#else
#define NARROW_BLOCKS 3
#endif
__host__ __device__ constexpr int prefill_blocks(int dims) { return dims > 64 ? 3 : NARROW_BLOCKS; }

template <int DIMS, int QUERIES, int ENTRIES> struct alignas(16) prefill_tile {
    static constexpr int queries = QUERY_GROUPS * QUERIES;
    static constexpr int stride = ENTRIES + 4; /* of weights: aligned, and away from equal banks */
    float query[DIMS][queries];
    float keys[DIMS][ENTRIES];
    float values[ENTRIES][DIMS];
    float weights[queries][stride];
    const unsigned char *blocks[2][ENTRIES]; /* of the entries that are staged now and next */
    int places[2][ENTRIES];
    int64_t states[queries]; /* of the tile's rows */
    int contexts[queries];   /* 0 for rows that are another launch's */
    int starts_run[queries];
};

/* Of one thread: of its queries, sums over the entries that it has seen itself; acc over all, of its dimensions. */
template <int DIMS, int QUERIES> struct prefill_state {
    static constexpr int vectors = DIMS / SHARERS / 4;
    float largest[QUERIES], sum[QUERIES], acc[QUERIES][vectors][4];
    int limit[QUERIES]; /* context in the run that is being taken, else 0 */
};

/* A tile's rows and query heads. */
struct prefill_item {
    int64_t row; /* the first */
    int rows, kv_head, head, heads;
};

__device__ inline bool same_tables(const mor4j_cuda_kv_row &a, const mor4j_cuda_kv_row &b)
{
    return a.pages == b.pages && a.overlay_pages == b.overlay_pages && a.overlay_slots == b.overlay_slots;
}

template <int DIMS, int QUERIES, int ENTRIES>
__device__ inline void read_rows(const mor4j_cuda_attend_args &args, const prefill_item &item,
                                 prefill_tile<DIMS, QUERIES, ENTRIES> &tile)
{
    for (int r = (int)threadIdx.x; r < item.rows; r += PREFILL_THREADS) {
        const int32_t *list = args.rows.list + item.row + r;
        const mor4j_cuda_kv_row kv = args.cache.kv[list[0]];
        tile.states[r] = list[0];
        tile.contexts[r] = is_of_kind(args, list[0]) ? kv.context : 0;
        tile.starts_run[r] = r == 0 || !same_tables(kv, args.cache.kv[list[-1]]);
    }
}

/* Queries times what turns scores into exponents of two, lanes side by side along the queries. */
template <int DIMS, int QUERIES, int ENTRIES>
__device__ inline void stage_queries(const mor4j_cuda_attend_args &args, const prefill_item &item,
                                     prefill_tile<DIMS, QUERIES, ENTRIES> &tile)
{
    constexpr int queries = QUERY_GROUPS * QUERIES;
    const int dh = args.cache.head_dim, m = (int)threadIdx.x % queries;
    const float scale = LOG2_E / sqrtf((float)dh);
    const bool used = m < item.rows * item.heads;
    const int64_t from = used ? query_at(args.cache, item.row + m / item.heads, item.head + m % item.heads) : 0;
#pragma unroll 4
    for (int d = (int)threadIdx.x / queries * 2; d < dh; d += PREFILL_THREADS / queries * 2) {
        float q[2] = {0.0f, 0.0f};
        if (used) load_pair(args.qkv, args.type, from + d, q);
        tile.query[d][m] = q[0] * scale;
        tile.query[d + 1][m] = q[1] * scale;
    }
}

/* Of entries beyond the context the place of its last: what is read there is forgotten. */
template <int KV, int DIMS, int QUERIES, int ENTRIES>
__device__ inline void find_entries(const mor4j_cuda_cache &cache, const mor4j_cuda_kv_row &kv, int head, int first,
                                    int context, prefill_tile<DIMS, QUERIES, ENTRIES> &tile)
{
    if (threadIdx.x >= ENTRIES || first >= context) return;
    const int side = first / ENTRIES % 2, e = (int)threadIdx.x;
    const int entry = first + e < context ? first + e : context - 1;
    const kv_place at = find_entry<KV>(cache, kv, overlay_slots_of(cache, kv), head, entry);
    tile.blocks[side][e] = at.block;
    tile.places[side][e] = at.place;
}

template <int KV, int DIMS, int QUERIES, int ENTRIES>
__device__ inline void stage_entries(int head_dim, int side, prefill_tile<DIMS, QUERIES, ENTRIES> &tile)
{
    const int e = (int)threadIdx.x % ENTRIES, place = tile.places[side][e];
    const unsigned char *block = tile.blocks[side][e];
    const float scale = key_scale<KV>(block, place, head_dim);
#pragma unroll 8
    for (int d = (int)threadIdx.x / ENTRIES * 2; d < head_dim; d += PREFILL_THREADS / ENTRIES * 2) {
        float key[2];
        load_key_pair<KV>(block, d, place, key);
        tile.keys[d][e] = key[0] * scale;
        tile.keys[d + 1][e] = key[1] * scale;
    }
    constexpr int pairs = DIMS / 2 < PREFILL_THREADS ? DIMS / 2 : PREFILL_THREADS;
    const int d = (int)threadIdx.x % pairs * 2;
    if (d >= head_dim) return;
#pragma unroll 8
    for (int v = (int)threadIdx.x / pairs; v < ENTRIES; v += PREFILL_THREADS / pairs) {
        float value[2];
        load(value_row<KV>(tile.blocks[side][v], tile.places[side][v], head_dim) + d, value);
        const float value_factor = value_scale<KV>(tile.blocks[side][v], tile.places[side][v], head_dim);
        tile.values[v][d] = value[0] * value_factor;
        tile.values[v][d + 1] = value[1] * value_factor;
    }
}

/* Scores of a thread's queries and entries, into their softmax: the weights come to lie in the tile. */
template <int DIMS, int QUERIES, int ENTRIES>
__device__ inline void weigh_entries(int head_dim, int first, prefill_tile<DIMS, QUERIES, ENTRIES> &tile,
                                     prefill_state<DIMS, QUERIES> &state)
{
    constexpr int mine = ENTRIES / SHARERS;
    const int group = (int)threadIdx.x / SHARERS, lane = (int)threadIdx.x % SHARERS;
    float score[QUERIES][mine] = {};
#pragma unroll 2
    for (int d = 0; d < head_dim; d++) {
        float q[QUERIES], k[mine];
        load(&tile.query[d][group * QUERIES], q);
        load(&tile.keys[d][lane * mine], k);
#pragma unroll
        for (int i = 0; i < QUERIES; i++) {
#pragma unroll
            for (int j = 0; j < mine; j++) score[i][j] = fmaf(q[i], k[j], score[i][j]);
        }
    }
#pragma unroll
    for (int i = 0; i < QUERIES; i++) {
        float largest = state.largest[i];
#pragma unroll
        for (int j = 0; j < mine; j++) {
            if (first + lane * mine + j >= state.limit[i]) score[i][j] = -INFINITY;
            largest = fmaxf(largest, score[i][j]);
        }
        for (int other = SHARERS / 2; other > 0; other /= 2) {
            largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, other));
        }
        const float base = softmax_base(largest), keep = exp2f(state.largest[i] - base);
        state.largest[i] = largest;
        state.sum[i] *= keep;
#pragma unroll
        for (int j = 0; j < mine; j++) {
            score[i][j] = exp2f(score[i][j] - base);
            state.sum[i] += score[i][j];
        }
        store(&tile.weights[group * QUERIES + i][lane * mine], score[i]);
#pragma unroll
        for (int v = 0; v < prefill_state<DIMS, QUERIES>::vectors; v++) {
#pragma unroll
            for (int c = 0; c < 4; c++) state.acc[i][v][c] *= keep;
        }
    }
}

/* With `masked` a query takes no value of beyond its limit, not even 0 times: it could be NaN. */
template <bool masked, int DIMS, int QUERIES, int ENTRIES>
__device__ inline void add_values(int first, const prefill_tile<DIMS, QUERIES, ENTRIES> &tile,
                                  prefill_state<DIMS, QUERIES> &state)
{
    const int group = (int)threadIdx.x / SHARERS, lane = (int)threadIdx.x % SHARERS;
#pragma unroll 1
    for (int e = 0; e < ENTRIES; e += 4) {
        float weight[QUERIES][4];
#pragma unroll
        for (int i = 0; i < QUERIES; i++) load(&tile.weights[group * QUERIES + i][e], weight[i]);
#pragma unroll
        for (int j = 0; j < 4; j++) {
#pragma unroll
            for (int v = 0; v < prefill_state<DIMS, QUERIES>::vectors; v++) {
                float value[4];
                load(&tile.values[e + j][(v * SHARERS + lane) * 4], value);
#pragma unroll
                for (int i = 0; i < QUERIES; i++) {
                    if (masked && first + e + j >= state.limit[i]) continue;
#pragma unroll
                    for (int c = 0; c < 4; c++) state.acc[i][v][c] = fmaf(weight[i][j], value[c], state.acc[i][v][c]);
                }
            }
        }
    }
}

/* The staged entries, for the queries of the warp that may see some of them. */
template <int DIMS, int QUERIES, int ENTRIES>
__device__ inline void attend_entries(int head_dim, int first, prefill_tile<DIMS, QUERIES, ENTRIES> &tile,
                                      prefill_state<DIMS, QUERIES> &state)
{
    bool some = false, all = true;
#pragma unroll
    for (int i = 0; i < QUERIES; i++) {
        some = some || first < state.limit[i];
        all = all && first + ENTRIES <= state.limit[i];
    }
    if (!__any_sync(ALL_LANES, some)) return;
    weigh_entries(head_dim, first, tile, state);
    __syncwarp();
    if (__all_sync(ALL_LANES, all)) {
        add_values<false>(first, tile, state);
    } else {
        add_values<true>(first, tile, state);
    }
    __syncwarp();
}

template <int KV, int DIMS, int QUERIES, int ENTRIES>
__device__ inline void attend_run(const mor4j_cuda_attend_args &args, const prefill_item &item, int run_begin,
                                  int run_end, prefill_tile<DIMS, QUERIES, ENTRIES> &tile,
                                  prefill_state<DIMS, QUERIES> &state)
{
    int longest = run_begin;
    for (int r = run_begin + 1; r < run_end; r++) longest = tile.contexts[r] > tile.contexts[longest] ? r : longest;
    const int context = tile.contexts[longest];
    const mor4j_cuda_kv_row kv = args.cache.kv[tile.states[longest]];
    const int dh = args.cache.head_dim;
#pragma unroll
    for (int i = 0; i < QUERIES; i++) {
        const int r = ((int)threadIdx.x / SHARERS * QUERIES + i) / item.heads;
        state.limit[i] = r >= run_begin && r < run_end ? tile.contexts[r] : 0;
    }
    find_entries<KV>(args.cache, kv, item.kv_head, 0, context, tile);
    __syncthreads();
    for (int64_t first = 0; first < context; first += ENTRIES) {
        stage_entries<KV>(dh, (int)(first / ENTRIES % 2), tile);
        if (first + ENTRIES < context) {
            find_entries<KV>(args.cache, kv, item.kv_head, (int)first + ENTRIES, context, tile);
        }
        __syncthreads();
        attend_entries(dh, (int)first, tile, state);
        __syncthreads();
    }
}

template <int DIMS, int QUERIES, int ENTRIES>
__device__ inline void store_results(const mor4j_cuda_attend_args &args, const prefill_item &item,
                                     const prefill_tile<DIMS, QUERIES, ENTRIES> &tile,
                                     const prefill_state<DIMS, QUERIES> &state)
{
    const int group = (int)threadIdx.x / SHARERS, lane = (int)threadIdx.x % SHARERS, dh = args.cache.head_dim;
#pragma unroll
    for (int i = 0; i < QUERIES; i++) {
        float sum = state.sum[i];
        for (int other = SHARERS / 2; other > 0; other /= 2) sum += __shfl_xor_sync(ALL_LANES, sum, other);
        const int m = group * QUERIES + i;
        if (m >= item.rows * item.heads || tile.contexts[m / item.heads] == 0) continue;
        const int64_t to = ((item.row + m / item.heads) * args.cache.heads + item.head + m % item.heads) * dh;
#pragma unroll
        for (int v = 0; v < prefill_state<DIMS, QUERIES>::vectors; v++) {
            const int d = (v * SHARERS + lane) * 4;
#pragma unroll
            for (int c = 0; c < 4; c++) {
                if (d + c < dh) store_number(args.out, args.type, to + d + c, state.acc[i][v][c] / sum);
            }
        }
    }
}

/* Query heads of a slice of a group of them. */
__host__ __device__ inline int slice_heads(const mor4j_cuda_cache &cache)
{
    const int group = cache.heads / cache.kv_heads;
    return group < PREFILL_SLICE ? group : PREFILL_SLICE;
}

template <int KV, int DIMS, int QUERIES, int ENTRIES>
__global__ void __launch_bounds__(PREFILL_THREADS, prefill_blocks(DIMS))
    attend_prefill_kernel(mor4j_cuda_attend_args args, int slices)
{
    await_previous_kernel();
    typedef prefill_tile<DIMS, QUERIES, ENTRIES> tile_type;
    MOR4J_SHARED tile_type tile;
    const int group = args.cache.heads / args.cache.kv_heads, heads = slice_heads(args.cache),
              rows = tile_type::queries / heads;
    const int first_head = (int)blockIdx.y % slices * heads;
    prefill_item item;
    item.row = ((int64_t)gridDim.x - 1 - blockIdx.x) * rows; /* the last rows of a prompt see most: they begin first */
    const int64_t count = *args.rows.count;
    if (item.row >= count) return;
    item.rows = count - item.row < rows ? (int)(count - item.row) : rows;
    item.kv_head = (int)blockIdx.y / slices;
    item.head = item.kv_head * group + first_head;
    item.heads = group - first_head < heads ? group - first_head : heads;
    read_rows(args, item, tile);
    stage_queries(args, item, tile);
    prefill_state<DIMS, QUERIES> state = {};
#pragma unroll
    for (int i = 0; i < QUERIES; i++) state.largest[i] = -INFINITY;
    __syncthreads();
    for (int begin = 0, end; begin < item.rows; begin = end) {
        for (end = begin + 1; end < item.rows && !tile.starts_run[end]; end++) {}
        attend_run<KV>(args, item, begin, end, tile, state);
    }
    store_results(args, item, tile, state);
}

template <int KV, int DIMS, int QUERIES, int ENTRIES>
static int32_t launch_prefill(const mor4j_cuda_attend_args &args, void *stream)
{
    const auto kernel = attend_prefill_kernel<KV, DIMS, QUERIES, ENTRIES>;
    const int group = args.cache.heads / args.cache.kv_heads, heads = slice_heads(args.cache);
    const int64_t rows = prefill_tile<DIMS, QUERIES, ENTRIES>::queries / heads;
    const int slices = (group + heads - 1) / heads;
    const dim3 grid((unsigned)((args.rows.bucket + rows - 1) / rows), (unsigned)(args.cache.kv_heads * slices));
    return MOR4J_LAUNCH(kernel, grid, dim3(PREFILL_THREADS), 0, stream, args, slices);
}

/* Tiles that fit in 48 KiB of shared memory. */
template <int KV> static int32_t with_tile(const mor4j_cuda_attend_args &args, void *stream)
{
    if (args.cache.head_dim <= 64) return launch_prefill<KV, 64, 4, 32>(args, stream);
    if (args.cache.head_dim <= 128) return launch_prefill<KV, 128, 2, 16>(args, stream);
    return launch_prefill<KV, 256, 1, 8>(args, stream);
}

int32_t mor4j_cuda_attend_prefill(const mor4j_cuda_attend_args *args, void *stream)
{
    if (args == nullptr || !attention_is_valid(*args)) return cudaErrorInvalidValue;
    const int32_t kv_type = args->cache.kv_type;
    if (kv_type == MOR4J_CUDA_KV_F32) return with_tile<MOR4J_CUDA_KV_F32>(*args, stream);
    if (kv_type == MOR4J_CUDA_KV_BF16) return with_tile<MOR4J_CUDA_KV_BF16>(*args, stream);
    return with_tile<MOR4J_CUDA_KV_INT8>(*args, stream);
}
