/*
 * N numbers side by side between memory and float32 registers, in transfers of up to 16 bytes: `from` and `to` are
 * aligned to the smaller of those and N numbers.
 */
#ifndef MOR4J_NUMBERS_CUH
#define MOR4J_NUMBERS_CUH

#include <string.h>

#include "device.cuh"

/* What `bytes` of memory travel as. */
template <int bytes> struct word_of;
template <> struct word_of<1> {
    typedef uint8_t type;
};
template <> struct word_of<2> {
    typedef uint16_t type;
};
template <> struct word_of<4> {
    typedef uint32_t type;
};
template <> struct word_of<8> {
    typedef uint2 type;
};
template <> struct word_of<16> {
    typedef uint4 type;
};

template <typename T, int N> struct transfer {
    static constexpr int bytes = N * (int)sizeof(T) < 16 ? N * (int)sizeof(T) : 16;
    static constexpr int numbers = bytes / (int)sizeof(T); /* in a word */
    typedef typename word_of<bytes>::type word;
};

template <typename T> __device__ inline float widen(T v) { return to_float(v); }
template <> __device__ inline float widen<int8_t>(int8_t v) { return static_cast<float>(v); }

template <int N, typename T> __device__ inline void load(const T *from, float (&v)[N])
{
    typedef transfer<T, N> t;
#pragma unroll
    for (int i = 0; i < N; i += t::numbers) {
        const typename t::word word = *reinterpret_cast<const typename t::word *>(from + i);
        T part[t::numbers];
        memcpy(part, &word, sizeof word);
#pragma unroll
        for (int j = 0; j < t::numbers; j++) v[i + j] = widen(part[j]);
    }
}

template <int N, typename T> __device__ inline void store(T *to, const float (&v)[N])
{
    typedef transfer<T, N> t;
#pragma unroll
    for (int i = 0; i < N; i += t::numbers) {
        T part[t::numbers];
#pragma unroll
        for (int j = 0; j < t::numbers; j++) part[j] = from_float<T>(v[i + j]);
        typename t::word word;
        memcpy(&word, part, sizeof word);
        *reinterpret_cast<typename t::word *>(to + i) = word;
    }
}

inline bool is_float_type(int32_t type) { return type >= MOR4J_CUDA_F32 && type <= MOR4J_CUDA_F16; }

/* call(T{}) with the C++ type of a mor4j_cuda_type that is_float_type. */
template <typename F> int32_t with_type(int32_t type, F call)
{
    if (type == MOR4J_CUDA_F32) return call(float{});
    if (type == MOR4J_CUDA_BF16) return call(bf16_t{});
    return call(f16_t{});
}

#endif
