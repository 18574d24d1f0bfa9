/*
 * How a pass turns queries and keys by their token's position, and how a key or a value goes into a block of the cache:
 * what rope_append.cu and attend_decode.cu share.
 */
#ifndef MOR4J_TURN_CUH
#define MOR4J_TURN_CUH

#include <math.h>

#include "kv_page.cuh"
#include "numbers.cuh"
#include "reduce.cuh"

#define LEAST_MAGNITUDE 1e-30f /* 127 / magnitude is finite and far from it */
#define INFINITE_BITS 0x7F800000u

/* The angles of a row. */
struct turns {
    float cosines[MOR4J_CUDA_MAX_HEAD_DIM / 2], sines[MOR4J_CUDA_MAX_HEAD_DIM / 2];
};

/* Computed by all threads of the block, for whom a barrier has to follow. */
__device__ inline void compute_turns(int32_t position, const float *inverse_frequencies, int half, turns *turn)
{
    const float place = static_cast<float>(position);
    for (int d = (int)threadIdx.x; d < half; d += (int)blockDim.x) {
        sincosf(place * inverse_frequencies[d], &turn->sines[d], &turn->cosines[d]);
    }
}

/* Elements d (a) and d + DH/2 (b) of a head turn together. */
__device__ inline void turn_pair(const turns &turn, int d, float a, float b, float *first, float *second)
{
    const float c = turn.cosines[d], s = turn.sines[d];
    *first = a * c - b * s;
    *second = b * c + a * s;
}

/* Whether a row stores its key and value. */
__device__ inline bool stores_entry(const mor4j_cuda_cache &cache, const mor4j_cuda_kv_row &row)
{
    return cache.kv_mode != MOR4J_CUDA_KV_READ && row.slot >= 0;
}

/* The block of a KV head that they go to, at place row.slot % KV_ENTRIES. */
template <int KV>
__device__ inline unsigned char *block_of_entry(const mor4j_cuda_cache &cache, const mor4j_cuda_kv_row &row, int head)
{
    const bool overlay = cache.kv_mode == MOR4J_CUDA_KV_OVERLAY && row.overlay_pages >= 0;
    return kv_block<KV>(cache, overlay ? row.overlay_pages : row.pages, overlay ? cache.overlay_layer : cache.layer,
                        head, row.slot);
}

/* How x [n] becomes int8: q = round(x * steps), x = scale * q. NaN and infinity make the whole entry NaN. */
__device__ inline float steps_of(const float *x, int n, int lane, float *scale)
{
    uint32_t largest = 0; /* magnitudes compare as integers, NaN beyond all */
    for (int d = lane; d < n; d += WARP) {
        uint32_t bits;
        memcpy(&bits, x + d, sizeof bits);
        bits &= 0x7FFFFFFFu;
        largest = bits > largest ? bits : largest;
    }
    largest = warp_max(largest);
    float magnitude;
    memcpy(&magnitude, &largest, sizeof magnitude);
    const bool ordinary = largest < INFINITE_BITS && magnitude >= LEAST_MAGNITUDE;
    *scale = ordinary ? magnitude / 127.0f : largest < INFINITE_BITS ? 0.0f : NAN;
    return ordinary ? 127.0f / magnitude : 0.0f;
}

/* One entry's key (or value) x [DH] into its half of a block. */
template <int KV, bool KEY>
__device__ inline void store_entry(const float *x, int head_dim, int place, int lane, unsigned char *half_block)
{
    typedef typename kv_number<KV>::type K;
    K *to = reinterpret_cast<K *>(half_block);
    const auto at = [=](int d) { return KEY ? kv_key_at<KV>(d, place) : kv_value_at(d, place, head_dim); };
    if constexpr (KV == MOR4J_CUDA_KV_INT8) {
        float scale;
        const float steps = steps_of(x, head_dim, lane, &scale);
        for (int d = lane; d < head_dim; d += WARP) {
            to[at(d)] = static_cast<int8_t>(steps == 0.0f ? 0.0f : rintf(x[d] * steps));
        }
        if (lane == 0) kv_scales(half_block, head_dim)[place] = scale;
    } else if constexpr (KV == MOR4J_CUDA_KV_F32 && KEY) {
        for (int d = lane; d < head_dim; d += WARP) to[at(d)] = x[d];
    } else {
        for (int d = 2 * lane; d < head_dim; d += 2 * WARP) {
            const float pair[2] = {x[d], x[d + 1]};
            store(to + at(d), pair);
        }
    }
}

#endif
