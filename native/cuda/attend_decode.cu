/*
 * Attention of rows of different sequences. A block of threads takes up to four query heads of one KV head of one row,
 * and one split of its context; each of its warps takes 32 entries of a chunk, which is a block of the cache: for the
 * scores a lane is an entry, for the values a lane is two dimensions (or 2 PAIRS). Nothing crosses lanes but the
 * largest score.
 */
#include "attention.cuh"
#include "turn.cuh"

#define CHUNK 128 /* entries */
#define DECODE_WARPS (CHUNK / KV_ENTRIES)
#define DECODE_THREADS (DECODE_WARPS * WARP)
#define MOST_SPLITS 64
#define SLICE 4 /* most query heads of a block of threads */

/* Blocks of threads that a multiprocessor has registers for. */
__host__ __device__ constexpr int decode_blocks(int kv_type) { return kv_type == MOR4J_CUDA_KV_BF16 ? 4 : 3; }

/* A number for each of G query heads, loaded at once. */
template <int G> struct alignas(G == 1 ? 4 : G == 2 ? 8 : 16) per_head {
    float v[G];
};

/* Of one warp: sums are a lane's own, over the entries it has seen; acc over all entries, of the lane's dimensions. */
template <int G, int PAIRS> struct decode_state {
    float largest[G], sum[G], acc[G][PAIRS][2];
};

/* What a block of threads works on. */
struct decode_item {
    mor4j_cuda_kv_row kv;
    const int32_t *slots;
    int64_t row;
    int kv_head, head, heads; /* of the slice: its first query head, how many */
};

template <int G>
__device__ inline decode_item item_of(const mor4j_cuda_attend_args &args, int64_t state_row, int slices)
{
    decode_item item;
    item.row = blockIdx.x;
    item.kv = args.cache.kv[state_row];
    item.slots = overlay_slots_of(args.cache, item.kv);
    item.kv_head = (int)blockIdx.y / slices;
    const int group = args.cache.heads / args.cache.kv_heads, first = (int)blockIdx.y % slices * G;
    item.head = item.kv_head * group + first;
    item.heads = group - first < G ? group - first : G;
    return item;
}

/* Queries times what turns scores into exponents of two; of heads that the slice lacks 0. */
template <int G>
__device__ inline void stage_queries(const mor4j_cuda_attend_args &args, const decode_item &item, per_head<G> *queries)
{
    const int dh = args.cache.head_dim;
    const float scale = LOG2_E / sqrtf((float)dh);
#pragma unroll 2
    for (int i = (int)threadIdx.x; i < dh / 2 * G; i += DECODE_THREADS) {
        const int g = i / (dh / 2), d = i % (dh / 2) * 2;
        float q[2] = {0.0f, 0.0f};
        if (g < item.heads) load_pair(args.qkv, args.type, query_at(args.cache, item.row, item.head + g) + d, q);
        queries[d].v[g] = q[0] * scale;
        queries[d + 1].v[g] = q[1] * scale;
    }
}

/* The same of queries that are still to be turned; in between they have the precision that they would have in
   memory. */
template <int G>
__device__ inline void stage_turned_queries(const mor4j_cuda_attend_args &args, const decode_item &item,
                                            const turns &turn, per_head<G> *queries)
{
    const int half = args.cache.head_dim / 2;
    const float scale = LOG2_E / sqrtf((float)args.cache.head_dim);
#pragma unroll 2
    for (int i = (int)threadIdx.x; i < half * G; i += DECODE_THREADS) {
        const int g = i / half, d = i % half;
        float first = 0.0f, second = 0.0f;
        if (g < item.heads) {
            const int64_t at = query_at(args.cache, item.row, item.head + g) + d;
            turn_pair(turn, d, load_number(args.qkv, args.type, at), load_number(args.qkv, args.type, at + half),
                      &first, &second);
        }
        queries[d].v[g] = round_number(args.type, first) * scale;
        queries[d + half].v[g] = round_number(args.type, second) * scale;
    }
}

/* Whether the item's split has the entry that its row stores. */
__device__ inline bool has_own_entry(const mor4j_cuda_attend_args &args, const decode_item &item)
{
    return stores_entry(args.cache, item.kv) && (item.kv.context - 1) / CHUNK % args.splits == (int)blockIdx.z;
}

/*
 * The first warp turns and stores the key of the item's row, the second stores the value, as mor4j_cuda_rope_append
 * does. Where the query heads of a KV head are several slices each does so: they store the same bytes, and none waits
 * for another.
 */
template <int KV>
__device__ inline void append_entry(const mor4j_cuda_attend_args &args, const decode_item &item, const turns &turn)
{
    MOR4J_SHARED float staged[2][MOR4J_CUDA_MAX_HEAD_DIM];
    const int warp = (int)threadIdx.x / WARP, lane = (int)threadIdx.x % WARP, dh = args.cache.head_dim, half = dh / 2;
    if (warp >= 2) return;
    const int64_t from = query_at(args.cache, item.row, args.cache.heads + warp * args.cache.kv_heads + item.kv_head);
    float *x = staged[warp];
    for (int d = lane; d < half; d += WARP) {
        const float a = load_number(args.qkv, args.type, from + d),
                    b = load_number(args.qkv, args.type, from + half + d);
        x[d] = a;
        x[half + d] = b;
        if (warp == 0) turn_pair(turn, d, a, b, &x[d], &x[half + d]);
    }
    __syncwarp();
    const int place = item.kv.slot % KV_ENTRIES;
    unsigned char *block = block_of_entry<KV>(args.cache, item.kv, item.kv_head);
    if (warp == 0) {
        store_entry<KV, true>(x, dh, place, lane, block);
    } else {
        store_entry<KV, false>(x, dh, place, lane, block + kv_half_bytes<KV>(dh));
    }
}

template <int KV, int G>
__device__ inline void score_entry(const kv_place &at, int head_dim, const per_head<G> *queries, float (&score)[G])
{
    [[maybe_unused]] constexpr int together = KV == MOR4J_CUDA_KV_BF16 ? 16 : KV == MOR4J_CUDA_KV_INT8 ? 8 : 4;
    float even[G] = {}, odd[G] = {};
#pragma unroll together
    for (int d = 0; d < head_dim; d += 2) {
        float key[2];
        load_key_pair<KV>(at.block, d, at.place, key);
        const per_head<G> q0 = queries[d], q1 = queries[d + 1];
#pragma unroll
        for (int g = 0; g < G; g++) {
            even[g] = fmaf(key[0], q0.v[g], even[g]);
            odd[g] = fmaf(key[1], q1.v[g], odd[g]);
        }
    }
    const float scale = key_scale<KV>(at.block, at.place, head_dim);
#pragma unroll
    for (int g = 0; g < G; g++) score[g] = (even[g] + odd[g]) * scale;
}

/* Takes a lane's score into the softmax: gives its weight, and scales down what was summed up before. */
template <int G, int PAIRS> __device__ inline per_head<G> weigh(decode_state<G, PAIRS> &state, const float (&score)[G])
{
    per_head<G> weight;
#pragma unroll
    for (int g = 0; g < G; g++) {
        const float largest = fmaxf(state.largest[g], warp_max(score[g])), base = softmax_base(largest);
        const float keep = exp2f(state.largest[g] - base);
        weight.v[g] = exp2f(score[g] - base);
        state.largest[g] = largest;
        state.sum[g] = fmaf(state.sum[g], keep, weight.v[g]);
#pragma unroll
        for (int i = 0; i < PAIRS; i++) {
            state.acc[g][i][0] *= keep;
            state.acc[g][i][1] *= keep;
        }
    }
    return weight;
}

template <int KV, int G, int PAIRS>
__device__ inline void add_values(decode_state<G, PAIRS> &state, const typename kv_number<KV>::type *const *values,
                                  const per_head<G> *weights, int entries, int head_dim)
{
    [[maybe_unused]] constexpr int together = PAIRS == 4 ? 4 : 8;
    const int lane = (int)threadIdx.x % WARP;
#pragma unroll together
    for (int j = 0; j < entries; j++) {
        const auto *value = values[j];
        const per_head<G> weight = weights[j];
#pragma unroll
        for (int i = 0; i < PAIRS; i++) {
            const int d = 2 * (lane + i * WARP);
            float v[2] = {0.0f, 0.0f};
            if (d < head_dim) load(value + d, v);
#pragma unroll
            for (int g = 0; g < G; g++) {
                state.acc[g][i][0] = fmaf(weight.v[g], v[0], state.acc[g][i][0]);
                state.acc[g][i][1] = fmaf(weight.v[g], v[1], state.acc[g][i][1]);
            }
        }
    }
}

/* The first entry that is a warp's own. */
__device__ inline int64_t first_entry() { return (int64_t)blockIdx.z * CHUNK + threadIdx.x / WARP * KV_ENTRIES; }

/* Where a lane's entry of those from `first` on is; lanes beyond the context look at its last one, and forget what they
   see. */
template <int KV>
__device__ inline kv_place find_own_entry(const mor4j_cuda_attend_args &args, const decode_item &item, int64_t first)
{
    const int64_t entry = first + threadIdx.x % WARP, last = item.kv.context - 1;
    return find_entry<KV>(args.cache, item.kv, item.slots, item.kv_head, (int)(entry < last ? entry : last));
}

/* A warp's part of a split: the blocks of 32 entries that are its own in the split's chunks, the first of them at
   `at`. */
template <int KV, int G, int PAIRS>
__device__ inline void attend_blocks(const mor4j_cuda_attend_args &args, const decode_item &item, kv_place at,
                                     const per_head<G> *queries, decode_state<G, PAIRS> &state)
{
    typedef typename kv_number<KV>::type number;
    MOR4J_SHARED const number *values[DECODE_WARPS][WARP];
    MOR4J_SHARED per_head<G> weights[DECODE_WARPS][WARP];
    const int warp = (int)threadIdx.x / WARP, lane = (int)threadIdx.x % WARP, dh = args.cache.head_dim;
    const int64_t context = item.kv.context, step = (int64_t)args.splits * CHUNK;
    for (int64_t first = first_entry(); first < context; first += step) {
        const kv_place next = find_own_entry<KV>(args, item, first + step);
        float score[G];
        score_entry<KV, G>(at, dh, queries, score);
#pragma unroll
        for (int g = 0; g < G; g++) score[g] = first + lane < context ? score[g] : -INFINITY;
        per_head<G> weight = weigh(state, score);
        const float scale = value_scale<KV>(at.block, at.place, dh);
#pragma unroll
        for (int g = 0; g < G; g++) weight.v[g] *= scale;
        values[warp][lane] = value_row<KV>(at.block, at.place, dh);
        weights[warp][lane] = weight;
        __syncwarp();
        const int entries = context - first < KV_ENTRIES ? (int)(context - first) : KV_ENTRIES;
        add_values<KV, G, PAIRS>(state, values[warp], weights[warp], entries, dh);
        __syncwarp();
        at = next;
    }
}

/* Floats of a partial result: largest score, sum, then the DH numbers that are to be divided by it. */
__host__ __device__ inline int64_t partial_stride(int64_t head_dim) { return head_dim + 2; }

/* Where the result of the item's query head g begins in `out`. */
__device__ inline int64_t result_at(const mor4j_cuda_attend_args &args, const decode_item &item, int g)
{
    return (item.row * args.cache.heads + item.head + g) * args.cache.head_dim;
}

/* Splits that have something of a context. */
__device__ inline int splits_of(const mor4j_cuda_attend_args &args, const decode_item &item)
{
    const int chunks = (int)(((int64_t)item.kv.context + CHUNK - 1) / CHUNK);
    return chunks < args.splits ? chunks : args.splits;
}

__device__ inline float *partial_of(const mor4j_cuda_attend_args &args, int64_t row, int head, int split)
{
    return args.partials +
           ((row * args.cache.heads + head) * args.splits + split) * partial_stride(args.cache.head_dim);
}

/* The warps' results, merged in their order, become the row's own or, where the context has several splits, a partial
   one. */
template <int G, int PAIRS>
__device__ inline void merge_warps(const mor4j_cuda_attend_args &args, const decode_item &item, int splits,
                                   const decode_state<G, PAIRS> &state)
{
    MOR4J_SHARED float largest[DECODE_WARPS][G], sums[DECODE_WARPS][G];
    alignas(8) MOR4J_SHARED float acc[DECODE_WARPS][G][PAIRS * WARP * 2]; /* two at a time are stored */
    const int warp = (int)threadIdx.x / WARP, lane = (int)threadIdx.x % WARP, dh = args.cache.head_dim;
#pragma unroll
    for (int g = 0; g < G; g++) {
        const float sum = warp_sum(state.sum[g]);
        largest[warp][g] = state.largest[g];
        sums[warp][g] = sum;
#pragma unroll
        for (int i = 0; i < PAIRS; i++) store(&acc[warp][g][2 * (lane + i * WARP)], state.acc[g][i]);
    }
    __syncthreads();
#pragma unroll 1
    for (int i = (int)threadIdx.x; i < item.heads * dh; i += DECODE_THREADS) {
        const int g = i / dh, d = i % dh;
        float top = -INFINITY, sum = 0.0f, number = 0.0f;
        for (int w = 0; w < DECODE_WARPS; w++) top = fmaxf(top, largest[w][g]);
        for (int w = 0; w < DECODE_WARPS; w++) {
            const float keep = exp2f(largest[w][g] - softmax_base(top));
            sum = fmaf(sums[w][g], keep, sum);
            number = fmaf(acc[w][g][d], keep, number);
        }
        if (splits == 1) {
            store_number(args.out, args.type, result_at(args, item, g) + d, number / sum);
            continue;
        }
        float *partial = partial_of(args, item.row, item.head + g, (int)blockIdx.z);
        if (d == 0) {
            partial[0] = top;
            partial[1] = sum;
        }
        partial[2 + d] = number;
    }
}

/*
 * Whether this block is the last of a row's splits to be done; their partial results can be read then. The count is 0
 * again afterwards, for the next launch.
 */
__device__ inline bool is_last_split(const mor4j_cuda_attend_args &args, const decode_item &item, int splits)
{
    MOR4J_SHARED bool last;
    __syncthreads();
    if (threadIdx.x == 0) {
        uint32_t *done = args.done + item.row * args.cache.heads + item.head;
        __threadfence(); /* what the block has stored comes before its count */
        last = atomicAdd(done, 1u) == (uint32_t)splits - 1;
        if (last) *done = 0;
        __threadfence(); /* and what the others have stored before what follows */
    }
    __syncthreads();
    return last;
}

/* The splits' partial results of a row and its heads, merged in their order. */
__device__ inline void merge_splits(const mor4j_cuda_attend_args &args, const decode_item &item, int splits)
{
    const int dh = args.cache.head_dim;
    const int64_t stride = partial_stride(dh);
#pragma unroll 1
    for (int i = (int)threadIdx.x; i < item.heads * dh; i += DECODE_THREADS) {
        const int g = i / dh, d = i % dh;
        const float *partial = partial_of(args, item.row, item.head + g, 0);
        float top = -INFINITY, sum = 0.0f, number = 0.0f;
#pragma unroll 4
        for (int s = 0; s < splits; s++) top = fmaxf(top, partial[s * stride]);
#pragma unroll 4
        for (int s = 0; s < splits; s++) {
            const float keep = exp2f(partial[s * stride] - softmax_base(top));
            sum = fmaf(partial[s * stride + 1], keep, sum);
            number = fmaf(partial[s * stride + 2 + d], keep, number);
        }
        store_number(args.out, args.type, result_at(args, item, g) + d, number / sum);
    }
}

template <int KV, int G, int PAIRS>
__global__ void __launch_bounds__(DECODE_THREADS, decode_blocks(KV))
    attend_decode_kernel(mor4j_cuda_attend_args args, int slices)
{
    await_previous_kernel();
    MOR4J_SHARED per_head<G> queries[PAIRS * WARP * 2];
    int64_t state_row;
    if (!takes_row(args.rows, blockIdx.x, &state_row) || !is_of_kind(args, state_row)) return;
    const decode_item item = item_of<G>(args, state_row, slices);
    if ((int64_t)blockIdx.z * CHUNK >= item.kv.context) return;
    const kv_place at = find_own_entry<KV>(args, item, first_entry()); /* on its way while queries are staged */
    if (args.positions == nullptr) {
        stage_queries<G>(args, item, queries);
    } else {
        MOR4J_SHARED turns turn[1];
        compute_turns(args.positions[state_row], args.inverse_frequencies, args.cache.head_dim / 2, turn);
        __syncthreads();
        stage_turned_queries<G>(args, item, *turn, queries);
        if (has_own_entry(args, item)) append_entry<KV>(args, item, *turn);
    }
    __syncthreads();
    decode_state<G, PAIRS> state = {};
#pragma unroll
    for (int g = 0; g < G; g++) state.largest[g] = -INFINITY;
    attend_blocks<KV, G, PAIRS>(args, item, at, queries, state);
    const int splits = splits_of(args, item);
    merge_warps(args, item, splits, state);
    if (splits > 1 && is_last_split(args, item, splits)) merge_splits(args, item, splits);
}

template <int KV, int G, int PAIRS>
static int32_t launch_decode(const mor4j_cuda_attend_args &args, int slices, void *stream)
{
    const auto kernel = attend_decode_kernel<KV, G, PAIRS>;
    const dim3 grid((unsigned)args.rows.bucket, (unsigned)(args.cache.kv_heads * slices), (unsigned)args.splits);
    return MOR4J_LAUNCH(kernel, grid, dim3(DECODE_THREADS), 0, stream, args, slices);
}

template <int KV, int G> static int32_t with_pairs(const mor4j_cuda_attend_args &args, int slices, void *stream)
{
    if (args.cache.head_dim <= 64) return launch_decode<KV, G, 1>(args, slices, stream);
    if (args.cache.head_dim <= 128) return launch_decode<KV, G, 2>(args, slices, stream);
    return launch_decode<KV, G, 4>(args, slices, stream);
}

/* Slices of a group have as many heads each as they can. */
template <int KV> static int32_t with_slices(const mor4j_cuda_attend_args &args, void *stream)
{
    const int group = args.cache.heads / args.cache.kv_heads, slices = (group + SLICE - 1) / SLICE;
    switch ((group + slices - 1) / slices) {
    case 1: return with_pairs<KV, 1>(args, slices, stream);
    case 2: return with_pairs<KV, 2>(args, slices, stream);
    case 3: return with_pairs<KV, 3>(args, slices, stream);
    default: return with_pairs<KV, 4>(args, slices, stream);
    }
}

int64_t mor4j_cuda_partial_floats(int32_t bucket, int32_t heads, int32_t head_dim, int32_t splits)
{
    if (bucket < 1 || heads < 1 || head_dim < 1 || head_dim > MOR4J_CUDA_MAX_HEAD_DIM || splits < 1 ||
        splits > MOST_SPLITS) {
        return -1;
    }
    /* At most 2^31 2^31 2^14: wider than 64 bits. */
    const int64_t most = INT64_MAX / (partial_stride(head_dim) * splits);
    const int64_t results = (int64_t)bucket * heads;
    return results > most ? -1 : results * splits * partial_stride(head_dim);
}

int32_t mor4j_cuda_attend_decode(const mor4j_cuda_attend_args *args, void *stream)
{
    if (args == nullptr || !attention_is_valid(*args) || args->splits < 1 || args->splits > MOST_SPLITS) {
        return cudaErrorInvalidValue;
    }
    if ((args->positions == nullptr) != (args->inverse_frequencies == nullptr)) return cudaErrorInvalidValue;
    if (args->splits > 1 && (args->partials == nullptr || args->done == nullptr)) return cudaErrorInvalidValue;
    switch (args->cache.kv_type) {
    case MOR4J_CUDA_KV_F32: return with_slices<MOR4J_CUDA_KV_F32>(*args, stream);
    case MOR4J_CUDA_KV_BF16: return with_slices<MOR4J_CUDA_KV_BF16>(*args, stream);
    default: return with_slices<MOR4J_CUDA_KV_INT8>(*args, stream);
    }
}
