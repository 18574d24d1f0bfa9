/*
 * The device's mathematical functions, bit operations and integer atomics on the host. What <math.h> has under the same
 * name is used from there. One thread runs at a time, so atomics are plain. There are none on floating point: kernels
 * must not use any.
 */
#ifndef MOR4J_EMULATED_DEVICE_MATH_H
#define MOR4J_EMULATED_DEVICE_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <type_traits>

#include "numbers.h"
#include "types.h"

#define MOR4J_MIN_MAX(type)                                          \
    static inline type min(type a, type b) { return b < a ? b : a; } \
    static inline type max(type a, type b) { return a < b ? b : a; }
MOR4J_MIN_MAX(int)
MOR4J_MIN_MAX(unsigned int)
MOR4J_MIN_MAX(long)
MOR4J_MIN_MAX(unsigned long)
MOR4J_MIN_MAX(long long)
MOR4J_MIN_MAX(unsigned long long)
#undef MOR4J_MIN_MAX
/* The C library has functions of these names for itself. */
#define __expf expf
#define __logf logf

/* Of a number and a NaN the number. */
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }

static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline float __frcp_rn(float x) { return 1.0f / x; }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline float __frsqrt_rn(float x) { return (float)(1.0 / sqrt((double)x)); }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }

static inline uint32_t __float_as_uint(float f) { return mor4j_float_bits(f); }
static inline int __float_as_int(float f) { return (int)mor4j_float_bits(f); }
static inline float __uint_as_float(uint32_t bits) { return mor4j_bits_float(bits); }
static inline float __int_as_float(int bits) { return mor4j_bits_float((uint32_t)bits); }
static inline long long __double_as_longlong(double d)
{
    long long bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}
static inline double __longlong_as_double(long long bits)
{
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static inline int __popc(unsigned int x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz((unsigned int)x); }
static inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll((unsigned long long)x); }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __ffsll(long long x) { return __builtin_ffsll(x); }

template <typename T> static inline T __ldg(const T *p) { return *p; }
template <typename T> static inline T __ldcs(const T *p) { return *p; }
template <typename T> static inline T __ldcg(const T *p) { return *p; }
template <typename T> static inline void __stcs(T *p, T value) { *p = value; }

static inline void __threadfence() {}
static inline void __threadfence_block() {}

/* Integers of the sizes that the device has atomics for; the second argument converts as in CUDA's overloads. */
#define MOR4J_ATOMIC(name, result)                                                                                  \
    template <typename T> static inline T name(T *p, typename std::common_type<T>::type value)                      \
    {                                                                                                               \
        static_assert(std::is_integral<T>::value && (sizeof(T) == 4 || sizeof(T) == 8), "atomics are on integers"); \
        const T old = *p;                                                                                           \
        *p = (result);                                                                                              \
        return old;                                                                                                 \
    }
MOR4J_ATOMIC(atomicAdd, (T)(old + value))
MOR4J_ATOMIC(atomicSub, (T)(old - value))
MOR4J_ATOMIC(atomicMin, value < old ? value : old)
MOR4J_ATOMIC(atomicMax, old < value ? value : old)
MOR4J_ATOMIC(atomicAnd, (T)(old &value))
MOR4J_ATOMIC(atomicOr, (T)(old | value))
MOR4J_ATOMIC(atomicXor, (T)(old ^ value))
MOR4J_ATOMIC(atomicExch, value)
#undef MOR4J_ATOMIC
template <typename T>
static inline T atomicCAS(T *p, typename std::common_type<T>::type expected, typename std::common_type<T>::type value)
{
    static_assert(std::is_integral<T>::value && (sizeof(T) == 4 || sizeof(T) == 8), "atomics are on integers");
    const T old = *p;
    if (old == expected) *p = value;
    return old;
}

#endif
