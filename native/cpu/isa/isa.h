/*
 * The vector vocabulary of the kernels, chosen when a kernel file is compiled: CMake compiles each file of cpu/kernels
 * once for every instruction set, with one of MOR4J_BUILD_AVX512, MOR4J_BUILD_AVX2 or neither (portable) defined; what
 * comes on top of AVX-512 with MOR4J_BUILD_VNNI and MOR4J_BUILD_BF16 as well.
 *
 *   vf                      VF_WIDTH floats
 *   vf_load, vf_load_n      all of them, or the first n (0 < n < VF_WIDTH) and zeros; no byte beyond those n is touched
 *   vf_load_bf16, .._n      the same from bfloat16, widened exactly
 *   vf_store, vf_store_n    all, or the first n
 *   vf_reduce4(a,b,c,d,out) out[0..3] = the sum of each, each added in one and the same order (a fixed tree)
 *   vf_exp                  e^x, a few 1e-8 relative (about an ulp); -inf, inf and NaN as in libm
 *   TILE_OUTS               outputs by 4 rows that fit the registers as accumulators
 *
 *   vi                      VF_WIDTH 32-bit integers, or four bytes in the place of each
 *   vi_dot(s, w, x)         s + the four products of unsigned bytes w and signed bytes x of each lane; exact, x is
 *                           not -128
 *   vi_nibble_dot(s, w, x)  the same for w <= 15: vi_nibble_start(b), up to eight of these, vi_nibble_end(.., b):
 *                           b + all
 *   vi_add, vi_mul, vi_shift_left, vi_shift_right
 *                           modulo 2^32, shifts of unsigned ones by a constant; vi_count: 0, 1, ..
 *   vf_equal, vf_at_least   a bit for each lane, lane 0 the lowest; NaN is neither
 *   vi_where_at_least(a, b, v)
 *                           v in lanes with a >= b, else 0
 *   vf_bits, vi_float       the same bits as the other type
 *   vf_truncate             towards 0, for |a| < 2^31
 *   vl                      sums of 64 bits: vl_zero, vl_add_lanes(sum, v) adds lanes v >= 0, vl_reduce
 *   vf_magnitude_bits       the bits of |a|, which order as the magnitudes do, NaN above all
 *   vf_round                to nearest even, for |a| < 2^22
 *   vi_store_bytes          the low byte of each lane, VF_WIDTH bytes
 *   vf_load_even, .._odd    the even, the odd ones of 2 VF_WIDTH bfloat16, widened
 *   vf_dot_pairs            s + the products of pairs of bfloat16; MOR4J_BUILD_BF16 only, as vf_store_bf16
 *   vf_hide, vi_hide        the compiler shall not know this value: for measurements
 *
 * Pointers may be unaligned.
 */
#ifndef MOR4J_ISA_H
#define MOR4J_ISA_H

#include <stdint.h>
#include <string.h>

#if defined(MOR4J_BUILD_BF16)
#include "avx512.h"
#define MOR4J_KERNEL(name) mor4j_##name##_avx512_bf16
#elif defined(MOR4J_BUILD_VNNI)
#include "avx512.h"
#define MOR4J_KERNEL(name) mor4j_##name##_avx512_vnni
#elif defined(MOR4J_BUILD_AVX512)
#include "avx512.h"
#define MOR4J_KERNEL(name) mor4j_##name##_avx512
#elif defined(MOR4J_BUILD_AVX2)
#include "avx2.h"
#define MOR4J_KERNEL(name) mor4j_##name##_avx2
#else
#include "portable.h"
#define MOR4J_KERNEL(name) mor4j_##name##_portable
#endif

#include "mor4j.h"

#define MOR4J_INLINE static inline __attribute__((always_inline))

/* The order of every reduction: as in vf_reduce4. */
MOR4J_INLINE float vf_reduce(vf a)
{
    float sums[4];
    vf zero = vf_set(0.0f);
    vf_reduce4(a, zero, zero, zero, sums);
    return sums[0];
}

/* Element i of a float32 or bfloat16 array; bytes, because a weight may lie at any address. */
MOR4J_INLINE vf vf_load_weight(const char *data, int64_t i, int bf16)
{
    return bf16 ? vf_load_bf16(data + 2 * i) : vf_load((const float *)(const void *)(data + 4 * i));
}

MOR4J_INLINE vf vf_load_weight_n(const char *data, int64_t i, int n, int bf16)
{
    return bf16 ? vf_load_bf16_n(data + 2 * i, n) : vf_load_n((const float *)(const void *)(data + 4 * i), n);
}

#endif
