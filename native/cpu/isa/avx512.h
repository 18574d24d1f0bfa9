/* Sixteen floats: AVX-512 F, BW, DQ, VL. */
#ifndef MOR4J_ISA_AVX512_H
#define MOR4J_ISA_AVX512_H

#include <immintrin.h>
#include <stdint.h>

typedef __m512 vf;

#define VF_WIDTH 16
#define TILE_OUTS 6

static inline __mmask16 vf_mask(int n) { return (__mmask16)((1u << n) - 1u); }

static inline vf vf_set(float x) { return _mm512_set1_ps(x); }

static inline vf vf_load(const float *p) { return _mm512_loadu_ps(p); }

static inline vf vf_load_n(const float *p, int n) { return _mm512_maskz_loadu_ps(vf_mask(n), p); }

static inline vf vf_widen(__m256i narrow)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16));
}

static inline vf vf_load_bf16(const char *p) { return vf_widen(_mm256_loadu_si256((const __m256i *)(const void *)p)); }

static inline vf vf_load_bf16_n(const char *p, int n) { return vf_widen(_mm256_maskz_loadu_epi16(vf_mask(n), p)); }

static inline void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v); }

static inline void vf_store_n(float *p, vf v, int n) { _mm512_mask_storeu_ps(p, vf_mask(n), v); }

static inline vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }

static inline vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }

static inline vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }

static inline vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }

static inline vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }

static inline vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }

/* max and min return their second operand when either is NaN, so x stands second and a NaN stays one. */
static inline vf vf_exp(vf x)
{
    x = _mm512_min_ps(_mm512_set1_ps(89.0f), _mm512_max_ps(_mm512_set1_ps(-110.0f), x));
    vf n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)),
                                _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    vf r = _mm512_fmadd_ps(n, _mm512_set1_ps(-0.693359375f), x);
    r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.12194440e-4f), r);
    vf p = _mm512_set1_ps(1.9875691500e-4f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3981999507e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
    p = _mm512_fmadd_ps(_mm512_mul_ps(r, r), p, r);
    p = _mm512_add_ps(p, _mm512_set1_ps(1.0f));
    return _mm512_scalef_ps(p, n);
}

static inline void vf_reduce4(vf a, vf b, vf c, vf d, float *out)
{
    vf ab = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
    vf cd = _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xEE));
    /* one 128-bit lane each: a, b, c, d */
    vf lanes = _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xDD));
    lanes = _mm512_add_ps(lanes, _mm512_permute_ps(lanes, 0x4E));
    lanes = _mm512_add_ps(lanes, _mm512_permute_ps(lanes, 0xB1));
    _mm_storeu_ps(out, _mm512_castps512_ps128(_mm512_maskz_compress_ps(0x1111, lanes)));
}

/* Integers, bytes and pairs of bfloat16: the panels. */

typedef __m512i vi;

static inline vi vi_set(int32_t x) { return _mm512_set1_epi32(x); }

static inline vi vi_load(const void *p) { return _mm512_loadu_si512(p); }

static inline vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }

static inline vi vi_max(vi a, vi b) { return _mm512_max_epi32(a, b); }

static inline int32_t vi_reduce_add(vi a) { return _mm512_reduce_add_epi32(a); }

static inline int32_t vi_reduce_max(vi a) { return _mm512_reduce_max_epi32(a); }

static inline vf vi_to_float(vi a) { return _mm512_cvtepi32_ps(a); }

static inline vi vf_round(vf a) { return _mm512_cvtps_epi32(a); }

static inline vi vf_magnitude_bits(vf a)
{
    return _mm512_and_si512(_mm512_castps_si512(a), _mm512_set1_epi32(0x7FFFFFFF));
}

static inline void vi_store_bytes(void *p, vi a) { _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(a)); }

static inline vi vi_low_nibbles(vi a) { return _mm512_and_si512(a, _mm512_set1_epi8(15)); }

static inline vi vi_high_nibbles(vi a) { return _mm512_and_si512(_mm512_srli_epi16(a, 4), _mm512_set1_epi8(15)); }

static inline vf vf_load_even(const void *p)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
}

/* Masked, not and-ed: the load does it all. */
static inline vf vf_load_odd(const void *p) { return _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(0xAAAAAAAAu, p)); }

static inline vi vi_count(void) { return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }

static inline vi vi_mul(vi a, vi b) { return _mm512_mullo_epi32(a, b); }

static inline vi vi_xor(vi a, vi b) { return _mm512_xor_si512(a, b); }

static inline vi vi_shift_left(vi a, unsigned n) { return _mm512_slli_epi32(a, n); }

static inline vi vi_shift_right(vi a, unsigned n) { return _mm512_srli_epi32(a, n); }

static inline vi vf_bits(vf a) { return _mm512_castps_si512(a); }

static inline vf vi_float(vi a) { return _mm512_castsi512_ps(a); }

static inline vi vf_truncate(vf a) { return _mm512_cvttps_epi32(a); }

static inline uint32_t vf_equal(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }

static inline uint32_t vf_at_least(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }

static inline vi vi_where_at_least(vf a, vf b, vi v)
{
    return _mm512_maskz_mov_epi32(_mm512_cmp_ps_mask(a, b, _CMP_GE_OQ), v);
}

typedef __m512i vl;

static inline vl vl_zero(void) { return _mm512_setzero_si512(); }

static inline vl vl_add_lanes(vl sum, vi v)
{
    const __m512i low = _mm512_and_si512(v, _mm512_set1_epi64(0xFFFFFFFF));
    return _mm512_add_epi64(sum, _mm512_add_epi64(low, _mm512_srli_epi64(v, 32)));
}

static inline uint64_t vl_reduce(vl a) { return (uint64_t)_mm512_reduce_add_epi64(a); }

#if defined(MOR4J_BUILD_VNNI)

static inline vi vi_dot(vi sum, vi w, vi x) { return _mm512_dpbusd_epi32(sum, w, x); }

static inline vi vi_nibble_start(vi start) { return start; }

static inline vi vi_nibble_dot(vi sum, vi w, vi x) { return _mm512_dpbusd_epi32(sum, w, x); }

static inline vi vi_nibble_end(vi sum, vi start)
{
    (void)start;
    return sum;
}

#else

/* maddubs would saturate: 2 * 255 * 127 is beyond 16 bits. So even and odd bytes, each widened. */
static inline vi vi_dot(vi sum, vi w, vi x)
{
    vi even =
        _mm512_madd_epi16(_mm512_and_si512(w, _mm512_set1_epi16(255)), _mm512_srai_epi16(_mm512_slli_epi16(x, 8), 8));
    vi odd = _mm512_madd_epi16(_mm512_srli_epi16(w, 8), _mm512_srai_epi16(x, 8));
    return _mm512_add_epi32(sum, _mm512_add_epi32(even, odd));
}

static inline vi vi_nibble_start(vi start)
{
    (void)start;
    return _mm512_setzero_si512();
}

/* 16 bits: 8 * 2 * 15 * 127 = 30480. */
static inline vi vi_nibble_dot(vi sum, vi w, vi x) { return _mm512_add_epi16(sum, _mm512_maddubs_epi16(w, x)); }

static inline vi vi_nibble_end(vi sum, vi start)
{
    return _mm512_add_epi32(start, _mm512_madd_epi16(sum, _mm512_set1_epi16(1)));
}

#endif

#if defined(MOR4J_BUILD_BF16)

static inline vf vf_dot_pairs(vf sum, vi w, vi x) { return _mm512_dpbf16_ps(sum, (__m512bh)w, (__m512bh)x); }

static inline void vf_store_bf16(void *p, vf a) { _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh(a)); }

#endif

static inline void vf_hide(vf *a) { __asm__ volatile("" : "+v"(*a)); }

static inline void vi_hide(vi *a) { __asm__ volatile("" : "+v"(*a)); }

#endif
