/* Eight floats: AVX2 and FMA. */
#ifndef MOR4J_ISA_AVX2_H
#define MOR4J_ISA_AVX2_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

typedef __m256 vf;

#define VF_WIDTH 8
#define TILE_OUTS 3

static inline __m256i vf_mask(int n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vf vf_set(float x) { return _mm256_set1_ps(x); }

static inline vf vf_load(const float *p) { return _mm256_loadu_ps(p); }

static inline vf vf_load_n(const float *p, int n) { return _mm256_maskload_ps(p, vf_mask(n)); }

static inline vf vf_widen(__m128i narrow)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16));
}

static inline vf vf_load_bf16(const char *p) { return vf_widen(_mm_loadu_si128((const __m128i *)(const void *)p)); }

/* AVX2 has no masked load of 16-bit numbers. */
static inline vf vf_load_bf16_n(const char *p, int n)
{
    uint16_t narrow[8] = {0};
    memcpy(narrow, p, (size_t)n * sizeof(uint16_t));
    return vf_load_bf16((const char *)narrow);
}

static inline void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v); }

static inline void vf_store_n(float *p, vf v, int n) { _mm256_maskstore_ps(p, vf_mask(n), v); }

static inline vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }

static inline vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }

static inline vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }

static inline vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }

static inline vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }

static inline vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }

/* max and min return their second operand when either is NaN, so x stands second and a NaN stays one. */
static inline vf vf_exp(vf x)
{
    x = _mm256_min_ps(_mm256_set1_ps(89.0f), _mm256_max_ps(_mm256_set1_ps(-110.0f), x));
    vf n =
        _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    vf r = _mm256_fmadd_ps(n, _mm256_set1_ps(-0.693359375f), x);
    r = _mm256_fmadd_ps(n, _mm256_set1_ps(2.12194440e-4f), r);
    vf p = _mm256_set1_ps(1.9875691500e-4f);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
    p = _mm256_fmadd_ps(_mm256_mul_ps(r, r), p, r);
    p = _mm256_add_ps(p, _mm256_set1_ps(1.0f));
    /* 2^n in two factors: n reaches 128 and -159, beyond one float's exponent. */
    __m256i whole = _mm256_cvtps_epi32(n);
    __m256i half = _mm256_srai_epi32(whole, 1);
    __m256i bias = _mm256_set1_epi32(127);
    __m256i a = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    __m256i b = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(whole, half), bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(p, _mm256_castsi256_ps(a)), _mm256_castsi256_ps(b));
}

static inline void vf_reduce4(vf a, vf b, vf c, vf d, float *out)
{
    vf ab = _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
    vf cd = _mm256_add_ps(_mm256_permute2f128_ps(c, d, 0x20), _mm256_permute2f128_ps(c, d, 0x31));
    /* lanes: a, c of both pairs in the low half, b, d in the high half */
    vf pairs = _mm256_add_ps(_mm256_unpacklo_ps(ab, cd), _mm256_unpackhi_ps(ab, cd));
    pairs = _mm256_add_ps(pairs, _mm256_permute_ps(pairs, 0x4E));
    _mm_storeu_ps(out, _mm_unpacklo_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1)));
}

/* Integers, bytes and pairs of bfloat16: the panels. */

typedef __m256i vi;

static inline vi vi_set(int32_t x) { return _mm256_set1_epi32(x); }

static inline vi vi_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }

static inline vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }

static inline vi vi_max(vi a, vi b) { return _mm256_max_epi32(a, b); }

static inline int32_t vi_reduce_add(vi a)
{
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}

static inline int32_t vi_reduce_max(vi a)
{
    __m128i four = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}

static inline vf vi_to_float(vi a) { return _mm256_cvtepi32_ps(a); }

static inline vi vf_round(vf a) { return _mm256_cvtps_epi32(a); }

static inline vi vf_magnitude_bits(vf a)
{
    return _mm256_and_si256(_mm256_castps_si256(a), _mm256_set1_epi32(0x7FFFFFFF));
}

static inline void vi_store_bytes(void *p, vi a)
{
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    _mm_storel_epi64((__m128i *)p, _mm_packs_epi16(words, words));
}

static inline vi vi_low_nibbles(vi a) { return _mm256_and_si256(a, _mm256_set1_epi8(15)); }

static inline vi vi_high_nibbles(vi a) { return _mm256_and_si256(_mm256_srli_epi16(a, 4), _mm256_set1_epi8(15)); }

static inline vf vf_load_even(const void *p) { return _mm256_castsi256_ps(_mm256_slli_epi32(vi_load(p), 16)); }

static inline vf vf_load_odd(const void *p)
{
    return _mm256_castsi256_ps(_mm256_and_si256(vi_load(p), _mm256_set1_epi32((int32_t)0xFFFF0000)));
}

/* maddubs would saturate: 2 * 255 * 127 is beyond 16 bits. So even and odd bytes, each widened. */
static inline vi vi_dot(vi sum, vi w, vi x)
{
    vi even =
        _mm256_madd_epi16(_mm256_and_si256(w, _mm256_set1_epi16(255)), _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8));
    vi odd = _mm256_madd_epi16(_mm256_srli_epi16(w, 8), _mm256_srai_epi16(x, 8));
    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}

static inline vi vi_nibble_start(vi start)
{
    (void)start;
    return _mm256_setzero_si256();
}

/* 16 bits: 8 * 2 * 15 * 127 = 30480. */
static inline vi vi_nibble_dot(vi sum, vi w, vi x) { return _mm256_add_epi16(sum, _mm256_maddubs_epi16(w, x)); }

static inline vi vi_nibble_end(vi sum, vi start)
{
    return _mm256_add_epi32(start, _mm256_madd_epi16(sum, _mm256_set1_epi16(1)));
}

static inline vi vi_count(void) { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }

static inline vi vi_mul(vi a, vi b) { return _mm256_mullo_epi32(a, b); }

static inline vi vi_xor(vi a, vi b) { return _mm256_xor_si256(a, b); }

static inline vi vi_shift_left(vi a, unsigned n) { return _mm256_slli_epi32(a, (int)n); }

static inline vi vi_shift_right(vi a, unsigned n) { return _mm256_srli_epi32(a, (int)n); }

static inline vi vf_bits(vf a) { return _mm256_castps_si256(a); }

static inline vf vi_float(vi a) { return _mm256_castsi256_ps(a); }

static inline vi vf_truncate(vf a) { return _mm256_cvttps_epi32(a); }

static inline uint32_t vf_equal(vf a, vf b) { return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)); }

static inline uint32_t vf_at_least(vf a, vf b) { return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GE_OQ)); }

static inline vi vi_where_at_least(vf a, vf b, vi v)
{
    return _mm256_and_si256(_mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_GE_OQ)), v);
}

typedef __m256i vl;

static inline vl vl_zero(void) { return _mm256_setzero_si256(); }

static inline vl vl_add_lanes(vl sum, vi v)
{
    const __m256i low = _mm256_and_si256(v, _mm256_set1_epi64x(0xFFFFFFFF));
    return _mm256_add_epi64(sum, _mm256_add_epi64(low, _mm256_srli_epi64(v, 32)));
}

static inline uint64_t vl_reduce(vl a)
{
    uint64_t lanes[4];
    _mm256_storeu_si256((__m256i *)(void *)lanes, a);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

static inline void vf_hide(vf *a) { __asm__ volatile("" : "+x"(*a)); }

static inline void vi_hide(vi *a) { __asm__ volatile("" : "+x"(*a)); }

#endif
