/*
 * The vector vocabulary of the kernels, chosen when a kernel file is compiled: CMake compiles each file of cpu/kernels once
 * for every instruction set, with one of MOR4J_BUILD_AVX512, MOR4J_BUILD_AVX2 or neither (portable) defined.
 *
 *   vf                      VF_WIDTH floats
 *   vf_load, vf_load_n      all of them, or the first n (0 < n < VF_WIDTH) and zeros; no byte beyond those n is touched
 *   vf_load_bf16, .._n      the same from bfloat16, widened exactly
 *   vf_store, vf_store_n    all, or the first n
 *   vf_reduce4(a,b,c,d,out) out[0..3] = the sum of each, each added in one and the same order (a fixed tree)
 *   vf_exp                  e^x, a few 1e-8 relative (about an ulp); -inf, inf and NaN as in libm
 *   TILE_OUTS               outputs by 4 rows that fit the registers as accumulators
 *
 * Pointers may be unaligned.
 */
#ifndef MOR4J_ISA_H
#define MOR4J_ISA_H

#include <stdint.h>
#include <string.h>

#if defined(MOR4J_BUILD_AVX512)
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
