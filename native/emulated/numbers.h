/*
 * bfloat16 and float16 on the host: stored as 16 bits, computed with as float32. Rounds to nearest even; a NaN stays
 * one (0x7FFF, as the device's conversions give).
 */
#ifndef MOR4J_EMULATED_NUMBERS_H
#define MOR4J_EMULATED_NUMBERS_H

#include <stdint.h>
#include <string.h>

struct bf16_t {
    uint16_t bits;
};

struct f16_t {
    uint16_t bits;
};

static inline uint32_t mor4j_float_bits(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static inline float mor4j_bits_float(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline float to_float(float v) { return v; }

static inline float to_float(bf16_t v) { return mor4j_bits_float((uint32_t)v.bits << 16); }

static inline float to_float(f16_t v)
{
    const uint32_t sign = (uint32_t)(v.bits & 0x8000) << 16;
    const uint32_t magnitude = v.bits & 0x7FFF;
    if (magnitude >= 0x7C00) return mor4j_bits_float(sign | 0x7F800000 | (magnitude & 0x3FF) << 13);
    /* The exponent's bias by a multiplication, which is exact and takes subnormals along. */
    return mor4j_bits_float(sign | mor4j_float_bits(mor4j_bits_float(magnitude << 13) * 0x1p112f));
}

static inline bf16_t mor4j_to_bf16(float f)
{
    const uint32_t bits = mor4j_float_bits(f);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return {0x7FFF};
    return {(uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)};
}

static inline f16_t mor4j_to_f16(float f)
{
    const uint32_t bits = mor4j_float_bits(f);
    const uint32_t sign = bits >> 16 & 0x8000;
    const uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) return {0x7FFF};
    if (magnitude >= 0x477FF000) return {(uint16_t)(sign | 0x7C00)}; /* 65520 and more */
    if (magnitude < 0x38800000) { /* subnormal: adding 0.5 puts its last bit at 2^-24 and rounds as the mode says */
        const uint32_t sum = mor4j_float_bits(mor4j_bits_float(magnitude) + 0.5f);
        return {(uint16_t)(sign | (sum - 0x3F000000))};
    }
    const uint32_t rounded = magnitude - 0x38000000 + 0xFFF + (magnitude >> 13 & 1);
    return {(uint16_t)(sign | rounded >> 13)};
}

template <typename T> static inline T from_float(float f);
template <> inline float from_float<float>(float f) { return f; }
template <> inline bf16_t from_float<bf16_t>(float f) { return mor4j_to_bf16(f); }
template <> inline f16_t from_float<f16_t>(float f) { return mor4j_to_f16(f); }

#endif
