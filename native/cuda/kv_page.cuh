/*
 * Pages of the KV cache: 32 entries of [layers][NKV] blocks, a block the keys and values of one head (the map:
 * mor4j_shape of mor4j.h).
 *
 *   block { keys | values }   2 (32 DH bytes + 128 with int8) bytes
 *
 *            keys                                values
 *   float32  [DH][32]                            [32][DH]
 *   bfloat16 [DH/2][32][2]                       [32][DH]
 *   int8     [DH][32] | scales [32] float32      [32][DH] | scales [32] float32
 */
#ifndef MOR4J_KV_PAGE_CUH
#define MOR4J_KV_PAGE_CUH

#include "device.cuh"

#define KV_ENTRIES 32

/* Number types of a cache by mor4j_cuda_kv_type. */
template <int KV> struct kv_number;
template <> struct kv_number<MOR4J_CUDA_KV_F32> {
    typedef float type;
};
template <> struct kv_number<MOR4J_CUDA_KV_BF16> {
    typedef bf16_t type;
};
template <> struct kv_number<MOR4J_CUDA_KV_INT8> {
    typedef int8_t type;
};

/* Bytes of a block's keys, and as many of its values: where those begin. */
template <int KV> __host__ __device__ constexpr int64_t kv_half_bytes(int64_t head_dim)
{
    const int64_t number_bytes = sizeof(typename kv_number<KV>::type);
    const int64_t scales_bytes = KV == MOR4J_CUDA_KV_INT8 ? KV_ENTRIES * 4 : 0;
    return KV_ENTRIES * head_dim * number_bytes + scales_bytes;
}

/* Where number d of the key at `place` (entry % 32) of a block lies, counted in numbers; of the value at `place`. */
template <int KV> __host__ __device__ constexpr int64_t kv_key_at(int64_t d, int64_t place)
{
    return KV == MOR4J_CUDA_KV_BF16 ? d / 2 * 2 * KV_ENTRIES + 2 * place + d % 2 : d * KV_ENTRIES + place;
}

__host__ __device__ constexpr int64_t kv_value_at(int64_t d, int64_t place, int64_t head_dim)
{
    return place * head_dim + d;
}

/* int8: the scales [32] of a half block, its keys or its values. */
__device__ inline float *kv_scales(unsigned char *half, int64_t head_dim)
{
    return reinterpret_cast<float *>(half + KV_ENTRIES * head_dim);
}

__device__ inline const float *kv_scales(const unsigned char *half, int64_t head_dim)
{
    return reinterpret_cast<const float *>(half + KV_ENTRIES * head_dim);
}

/* The block of KV head `head` that holds `entry`, by the page table that begins at tables[pages]. */
template <int KV>
__device__ inline unsigned char *kv_block(const mor4j_cuda_cache &cache, int64_t pages, int32_t layer, int32_t head,
                                          int32_t entry)
{
    const uint64_t page = cache.tables[pages + entry / KV_ENTRIES];
    const int64_t block = (int64_t)layer * cache.kv_heads + head;
    return reinterpret_cast<unsigned char *>(page) + block * 2 * kv_half_bytes<KV>(cache.head_dim);
}

/* Whether the sizes of a cache are in range. */
inline bool kv_cache_is_valid(const mor4j_cuda_cache &cache)
{
    return cache.kv != nullptr && cache.tables != nullptr && cache.layer >= 0 && cache.overlay_layer >= 0 &&
           cache.kv_mode >= MOR4J_CUDA_KV_APPEND && cache.kv_mode <= MOR4J_CUDA_KV_OVERLAY &&
           cache.kv_type >= MOR4J_CUDA_KV_F32 && cache.kv_type <= MOR4J_CUDA_KV_INT8 && cache.kv_heads >= 1 &&
           cache.heads >= cache.kv_heads && cache.heads % cache.kv_heads == 0 && cache.head_dim >= 2 &&
           cache.head_dim % 2 == 0 && cache.head_dim <= MOR4J_CUDA_MAX_HEAD_DIM && cache.page_tokens == KV_ENTRIES;
}

#endif
