/* What decode and prefill share: where entries lie, an online softmax in powers of two, numbers of a type known at run
   time. */
#ifndef MOR4J_ATTENTION_CUH
#define MOR4J_ATTENTION_CUH

#include <math.h>

#include "kv_page.cuh"
#include "numbers.cuh"
#include "reduce.cuh"
#include "rows.cuh"

#define LOG2_E 1.44269504088896340736f

/* Where an entry lies: the block of one KV head, and the place there. */
struct kv_place {
    const unsigned char *block;
    int place;
};

/* The overlay's places of a row's entries, NULL where it has none. */
__device__ inline const int32_t *overlay_slots_of(const mor4j_cuda_cache &cache, const mor4j_cuda_kv_row &row)
{
    const bool overlays = cache.kv_mode == MOR4J_CUDA_KV_OVERLAY && row.overlay_pages >= 0 && row.overlay_slots >= 0;
    return overlays ? reinterpret_cast<const int32_t *>(cache.tables) + row.overlay_slots : nullptr;
}

template <int KV>
__device__ inline kv_place find_entry(const mor4j_cuda_cache &cache, const mor4j_cuda_kv_row &row, const int32_t *slots,
                                      int head, int entry)
{
    const int slot = slots == nullptr ? -1 : slots[entry];
    if (slot >= 0) {
        return kv_place{kv_block<KV>(cache, row.overlay_pages, cache.overlay_layer, head, slot), slot % KV_ENTRIES};
    }
    return kv_place{kv_block<KV>(cache, row.pages, cache.layer, head, entry), entry % KV_ENTRIES};
}

/* Numbers d and d + 1, d even, of a key; without the scale. */
template <int KV> __device__ inline void load_key_pair(const unsigned char *block, int d, int place, float (&pair)[2])
{
    const auto *keys = reinterpret_cast<const typename kv_number<KV>::type *>(block);
    if (KV == MOR4J_CUDA_KV_BF16) {
        load(keys + kv_key_at<KV>(d, place), pair);
        return;
    }
    pair[0] = widen(keys[kv_key_at<KV>(d, place)]);
    pair[1] = widen(keys[kv_key_at<KV>(d + 1, place)]);
}

/* The numbers [DH] of a value, without the scale. */
template <int KV>
__device__ inline const typename kv_number<KV>::type *value_row(const unsigned char *block, int place, int64_t head_dim)
{
    const auto *values = reinterpret_cast<const typename kv_number<KV>::type *>(block + kv_half_bytes<KV>(head_dim));
    return values + kv_value_at(0, place, head_dim);
}

template <int KV> __device__ inline float key_scale(const unsigned char *block, int place, int64_t head_dim)
{
    return KV == MOR4J_CUDA_KV_INT8 ? kv_scales(block, head_dim)[place] : 1.0f;
}

template <int KV> __device__ inline float value_scale(const unsigned char *block, int place, int64_t head_dim)
{
    return KV == MOR4J_CUDA_KV_INT8 ? kv_scales(block + kv_half_bytes<KV>(head_dim), head_dim)[place] : 1.0f;
}

/* What scores are taken relative to: their largest so far, or 0 where there was none above -infinity, of which NaN
   would come. */
__device__ inline float softmax_base(float largest) { return largest == -INFINITY ? 0.0f : largest; }

__device__ inline void load_pair(const void *from, int32_t type, int64_t at, float (&pair)[2])
{
    if (type == MOR4J_CUDA_F32) {
        load(static_cast<const float *>(from) + at, pair);
    } else if (type == MOR4J_CUDA_BF16) {
        load(static_cast<const bf16_t *>(from) + at, pair);
    } else {
        load(static_cast<const f16_t *>(from) + at, pair);
    }
}

__device__ inline float load_number(const void *from, int32_t type, int64_t at)
{
    if (type == MOR4J_CUDA_F32) return static_cast<const float *>(from)[at];
    if (type == MOR4J_CUDA_BF16) return to_float(static_cast<const bf16_t *>(from)[at]);
    return to_float(static_cast<const f16_t *>(from)[at]);
}

/* A number as it would come back from memory of a type. */
__device__ inline float round_number(int32_t type, float v)
{
    if (type == MOR4J_CUDA_F32) return v;
    return type == MOR4J_CUDA_BF16 ? to_float(from_float<bf16_t>(v)) : to_float(from_float<f16_t>(v));
}

__device__ inline void store_number(void *to, int32_t type, int64_t at, float v)
{
    if (type == MOR4J_CUDA_F32) {
        static_cast<float *>(to)[at] = v;
    } else if (type == MOR4J_CUDA_BF16) {
        static_cast<bf16_t *>(to)[at] = from_float<bf16_t>(v);
    } else {
        static_cast<f16_t *>(to)[at] = from_float<f16_t>(v);
    }
}

/* Whether a launch is for a row; the same for all threads of a row. */
__device__ inline bool is_of_kind(const mor4j_cuda_attend_args &args, int64_t state_row)
{
    return args.kinds == nullptr || args.kinds[state_row] == args.kind;
}

/* Where the queries of row i and query head `head` begin. */
__device__ inline int64_t query_at(const mor4j_cuda_cache &cache, int64_t i, int head)
{
    return (i * (cache.heads + 2 * (int64_t)cache.kv_heads) + head) * cache.head_dim;
}

inline bool attention_is_valid(const mor4j_cuda_attend_args &args)
{
    return rows_are_valid(args.rows) && kv_cache_is_valid(args.cache) && is_float_type(args.type) &&
           args.qkv != nullptr && args.out != nullptr && args.cache.heads <= MOST_GRID_Y;
}

#endif
