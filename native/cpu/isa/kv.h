/*
 * What the kernels of the KV cache need beyond isa.h:
 *
 *   vf_load_int8, .._n      VF_WIDTH int8 as floats, or the first n (0 < n < VF_WIDTH) and zeros
 *   vf_greatest             the largest of a vector; if one is NaN, that or any other of them
 *   TILE_QUERIES            queries that share what is loaded of a block
 *   VALUE_VECTORS           vectors of the output by TILE_QUERIES queries that fit the registers as accumulators
 */
#ifndef MOR4J_ISA_KV_H
#define MOR4J_ISA_KV_H

#include <math.h>

#include "isa.h"

#if defined(MOR4J_BUILD_AVX512)

#define TILE_QUERIES 6
#define VALUE_VECTORS 4

MOR4J_INLINE vf vf_of_int8(__m128i narrow) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(narrow)); }

MOR4J_INLINE vf vf_load_int8(const char *p) { return vf_of_int8(_mm_loadu_si128((const __m128i *)(const void *)p)); }

MOR4J_INLINE vf vf_load_int8_n(const char *p, int n)
{
    return vf_of_int8(_mm_maskz_loadu_epi8((__mmask16)((1u << n) - 1u), p));
}

MOR4J_INLINE float vf_greatest(vf a) { return _mm512_reduce_max_ps(a); }

#elif defined(MOR4J_BUILD_AVX2)

#define TILE_QUERIES 4
#define VALUE_VECTORS 2

MOR4J_INLINE vf vf_load_int8(const char *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}

MOR4J_INLINE float vf_greatest(vf a)
{
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    half = _mm_max_ps(half, _mm_permute_ps(half, 0x4E));
    return _mm_cvtss_f32(_mm_max_ps(half, _mm_permute_ps(half, 0xB1)));
}

#else

#define TILE_QUERIES 4
#define VALUE_VECTORS 2

typedef int8_t vi8 __attribute__((vector_size(4)));

MOR4J_INLINE vf vf_load_int8(const char *p)
{
    vi8 narrow;
    memcpy(&narrow, p, sizeof narrow);
    return __builtin_convertvector(narrow, vf);
}

MOR4J_INLINE float vf_greatest(vf a)
{
    const float even = a[0] > a[2] ? a[0] : a[2], odd = a[1] > a[3] ? a[1] : a[3];
    return even > odd ? even : odd;
}

#endif

#if !defined(MOR4J_BUILD_AVX512)
MOR4J_INLINE vf vf_load_int8_n(const char *p, int n)
{
    char narrow[VF_WIDTH] = {0};
    memcpy(narrow, p, (size_t)n);
    return vf_load_int8(narrow);
}
#endif

#endif
