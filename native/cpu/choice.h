/*
 * The arithmetic of the choice of a token, the same bits in C, CUDA and Java (TokenNoise, TokenWeights): IEEE
 * operations, each rounded by itself, so files that include this are compiled without contraction. What is chosen:
 * docs/forward-pass.md, section 10.
 *
 * mor4j_strict_log is e_log.c of fdlibm, without the cases that do not occur here:
 *
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 * Developed at SunSoft, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice is preserved.
 */
#ifndef MOR4J_CHOICE_H
#define MOR4J_CHOICE_H

#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define MOR4J_RULE static inline __device__
#else
#define MOR4J_RULE static inline
#endif

#define MOR4J_LOG2_E 1.4426950408889634
#define MOR4J_LEAST_EXPONENT (-32.0f) /* below it there is no whole unit */
#define MOR4J_ROUNDER 0x1.8p23f       /* added and taken away again it rounds to nearest even */
#define MOR4J_WEIGHT_BIAS 157         /* makes an exponent of 2 the bits of that power, times 2^30 */
#define MOR4J_EXP2_1 0x1.62e42ap-1f
#define MOR4J_EXP2_2 0x1.ebf9bcp-3f
#define MOR4J_EXP2_3 0x1.c6b752p-5f
#define MOR4J_EXP2_4 0x1.3cea88p-7f
#define MOR4J_EXP2_5 0x1.5bba14p-10f
#define MOR4J_MIX_1 0xED5AD4BBu
#define MOR4J_MIX_2 0xAC4C1B51u
#define MOR4J_MIX_3 0x31848BABu

/* No noise is larger, in units of ln 2, errors of float32 included. */
#define MOR4J_MOST_NOISE 33.01
/* More than float32 and the straight lines of mor4j_noise_floor add to a bound. */
#define MOR4J_BOUND_ERROR 1e-3

/* 32 bits of noise for a token; see TokenNoise. */
MOR4J_RULE uint32_t mor4j_noise_bits(uint64_t draw, uint32_t id)
{
    uint32_t h = id ^ (uint32_t)draw;
    h = (h ^ h >> 17) * MOR4J_MIX_1;
    h = (h ^ h >> 11) + (uint32_t)(draw >> 32);
    h *= MOR4J_MIX_2;
    h = (h ^ h >> 15) * MOR4J_MIX_3;
    return h ^ h >> 14;
}

/* ln x of a normal x > 0. */
MOR4J_RULE double mor4j_strict_log(double x)
{
    const double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t high = (int32_t)(bits >> 32);
    int32_t k = (high >> 20) - 1023;
    high &= 0xFFFFF;
    const int32_t carry = (high + 0x95F64) & 0x100000;
    bits = (uint64_t)(uint32_t)(high | (carry ^ 0x3FF00000)) << 32 | (bits & 0xFFFFFFFFu);
    k += carry >> 20;
    double m;
    memcpy(&m, &bits, sizeof m);
    const double f = m - 1.0, dk = k;
    if ((0xFFFFF & (2 + high)) < 3) { /* |f| < 2^-20 */
        if (f == 0.0) return k == 0 ? 0.0 : dk * ln2_high + dk * ln2_low;
        const double r = f * f * (0.5 - 0.33333333333333333 * f);
        return k == 0 ? f - r : dk * ln2_high - ((r - dk * ln2_low) - f);
    }
    const double s = f / (2.0 + f), z = s * s, w = z * z;
    const double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    const double odd =
        z * (6.666666666666735130e-01 +
             w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    const double r = odd + even;
    if (((high - 0x6147A) | (0x6B851 - high)) > 0) {
        const double half = 0.5 * f * f;
        return k == 0 ? f - (half - s * (half + r)) : dk * ln2_high - ((half - (s * (half + r) + dk * ln2_low)) - f);
    }
    return k == 0 ? f - s * (f - r) : dk * ln2_high - ((s * (f - r) - dk * ln2_low) - f);
}

/* -ln(-ln u), u = (bits + 1/2) / 2^32. */
MOR4J_RULE double mor4j_gumbel(uint32_t bits)
{
    return -mor4j_strict_log(-mor4j_strict_log(((double)bits + 0.5) * 0x1p-32));
}

/* A candidate's value in the race; `logit` and `largest` in float32, their difference too. */
MOR4J_RULE double mor4j_noisy(float logit, float largest, double temperature, uint32_t bits)
{
    const float below = logit - largest;
    return (double)below / temperature + mor4j_gumbel(bits);
}

/* logit - largest times this is an exponent of 2. */
MOR4J_RULE float mor4j_weight_scale(double temperature)
{
    const double scale = MOR4J_LOG2_E / temperature;
    return scale < 0x1.FFFFFEp127 ? (float)scale : 0x1.FFFFFEp127f;
}

/* 2^exponent, exponent <= 0, in units of 2^-30, rounded down; 0 for NaN. */
MOR4J_RULE uint32_t mor4j_weight(float exponent)
{
    const float t = exponent > MOR4J_LEAST_EXPONENT ? exponent : MOR4J_LEAST_EXPONENT;
    const float rounded = t + MOR4J_ROUNDER, f = t - (rounded - MOR4J_ROUNDER);
    float p = MOR4J_EXP2_5 * f + MOR4J_EXP2_4;
    p = p * f + MOR4J_EXP2_3;
    p = p * f + MOR4J_EXP2_2;
    p = p * f + MOR4J_EXP2_1;
    p = p * f + 1.0f;
    uint32_t bits;
    float power;
    memcpy(&bits, &rounded, sizeof bits);
    bits = (bits + MOR4J_WEIGHT_BIAS) << 23;
    memcpy(&power, &bits, sizeof power);
    return (uint32_t)(int32_t)(p * power);
}

/*
 * A number that mor4j_gumbel(bits) / ln 2 does not exceed, but for MOR4J_BOUND_ERROR: the noise is at most -ln(1 - u),
 * and a logarithm is at least what the bits of a float32 say, which lie on straight lines between powers of two.
 */
MOR4J_RULE float mor4j_noise_bound(uint32_t bits)
{
    const float rest = (float)(int32_t)(~bits >> 1); /* 1 - u in units of 2^-31 */
    int32_t line;
    memcpy(&line, &rest, sizeof line);
    return 158.0f - (float)line * 0x1p-23f;
}

#endif
