/* What the machine can do with these instructions, for reports: multiply-adds on registers, and reading memory. */
#include <string.h>

#include "isa/isa.h"
#include "kernels/kernels.h"

#if defined(MOR4J_BUILD_AVX512)
#define CHAINS 24 /* side by side, more than an instruction takes cycles */
#else
#define CHAINS 12
#endif

static int64_t float_multiply_adds(int64_t steps)
{
    vf sums[CHAINS], a = vf_set(0.5f), b = vf_set(0.25f);
#pragma GCC unroll 24
    for (int i = 0; i < CHAINS; i++) sums[i] = vf_set((float)i);
    for (int64_t step = 0; step < steps; step++) {
        vf_hide(&a);
#pragma GCC unroll 24
        for (int i = 0; i < CHAINS; i++) sums[i] = vf_fma(a, b, sums[i]);
    }
#pragma GCC unroll 24
    for (int i = 0; i < CHAINS; i++) vf_hide(&sums[i]);
    return steps * CHAINS * VF_WIDTH;
}

#if defined(MOR4J_BUILD_BF16)
static int64_t bf16_multiply_adds(int64_t steps)
{
    vf sums[CHAINS];
    vi a = vi_set(0x3F003F00), b = vi_set(0x3E803E80); /* pairs of 0.5 and of 0.25 */
#pragma GCC unroll 24
    for (int i = 0; i < CHAINS; i++) sums[i] = vf_set((float)i);
    for (int64_t step = 0; step < steps; step++) {
        vi_hide(&a);
#pragma GCC unroll 24
        for (int i = 0; i < CHAINS; i++) sums[i] = vf_dot_pairs(sums[i], a, b);
    }
#pragma GCC unroll 24
    for (int i = 0; i < CHAINS; i++) vf_hide(&sums[i]);
    return steps * CHAINS * VF_WIDTH * 2;
}
#else
static int64_t bf16_multiply_adds(int64_t steps) { return float_multiply_adds(steps); }
#endif

MOR4J_INLINE int64_t byte_multiply_adds(int64_t steps, const int nibbles)
{
    vi sums[CHAINS], w = vi_set(0x01020304), x = vi_set(0x7F7E0180);
#pragma GCC unroll 24
    for (int i = 0; i < CHAINS; i++) sums[i] = vi_set(i);
    for (int64_t step = 0; step < steps; step++) {
        vi_hide(&w);
#pragma GCC unroll 24
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = nibbles ? vi_nibble_dot(sums[i], w, x) : vi_dot(sums[i], w, x);
#if !defined(MOR4J_BUILD_VNNI)
            vi_hide(&w); /* or the product of several instructions is computed once for all chains */
#endif
        }
    }
#pragma GCC unroll 24
    for (int i = 0; i < CHAINS; i++) vi_hide(&sums[i]);
    return steps * CHAINS * VF_WIDTH * 4;
}

int64_t MOR4J_KERNEL(multiply_adds)(int32_t dtype, int64_t steps)
{
    switch (dtype) {
    case MOR4J_BF16_PANELS: return bf16_multiply_adds(steps);
    case MOR4J_INT8_PANELS: return byte_multiply_adds(steps, 0);
    case MOR4J_INT4_PANELS: return byte_multiply_adds(steps, 1);
    default: return float_multiply_adds(steps);
    }
}

#define AHEAD 4096 /* bytes asked for before they are read */

uint64_t MOR4J_KERNEL(read)(const void *data, int64_t bytes)
{
    const char *line = data, *end = line + bytes;
    uint64_t sums[8] = {0};
    for (; line < end; line += 64) {
        uint64_t words[8];
        __builtin_prefetch((const void *)((uintptr_t)line + AHEAD), 0, 3);
        memcpy(words, line, sizeof words);
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) sums[i] += words[i];
    }
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) sum += sums[i];
    return sum;
}
