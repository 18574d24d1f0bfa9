/* Four floats as a GCC/Clang vector: SSE2, NEON or whatever the target has. No fused multiply-add. */
#ifndef MOR4J_ISA_PORTABLE_H
#define MOR4J_ISA_PORTABLE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float vf __attribute__((vector_size(16)));
typedef uint16_t vu16 __attribute__((vector_size(8)));
typedef uint32_t vu32 __attribute__((vector_size(16)));

#define VF_WIDTH 4
#define TILE_OUTS 3

static inline vf vf_set(float x) { return (vf){x, x, x, x}; }

static inline vf vf_load(const float *p)
{
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline vf vf_load_n(const float *p, int n)
{
    vf v = {0};
    memcpy(&v, p, (size_t)n * sizeof(float));
    return v;
}

/* A bfloat16 is the upper half of a float32. */
static inline vf vf_widen(vu16 narrow) { return (vf)(__builtin_convertvector(narrow, vu32) << 16); }

static inline vf vf_load_bf16(const char *p)
{
    vu16 narrow;
    memcpy(&narrow, p, sizeof narrow);
    return vf_widen(narrow);
}

static inline vf vf_load_bf16_n(const char *p, int n)
{
    vu16 narrow = {0};
    memcpy(&narrow, p, (size_t)n * sizeof(uint16_t));
    return vf_widen(narrow);
}

static inline void vf_store(float *p, vf v) { memcpy(p, &v, sizeof v); }

static inline void vf_store_n(float *p, vf v, int n) { memcpy(p, &v, (size_t)n * sizeof(float)); }

static inline vf vf_add(vf a, vf b) { return a + b; }

static inline vf vf_sub(vf a, vf b) { return a - b; }

static inline vf vf_mul(vf a, vf b) { return a * b; }

static inline vf vf_div(vf a, vf b) { return a / b; }

static inline vf vf_fma(vf a, vf b, vf c) { return a * b + c; }

static inline vf vf_max(vf a, vf b)
{
    for (int i = 0; i < 4; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
    return a;
}

static inline vf vf_exp(vf x)
{
    for (int i = 0; i < 4; i++) x[i] = expf(x[i]);
    return x;
}

static inline void vf_reduce4(vf a, vf b, vf c, vf d, float *out)
{
    out[0] = (a[0] + a[2]) + (a[1] + a[3]);
    out[1] = (b[0] + b[2]) + (b[1] + b[3]);
    out[2] = (c[0] + c[2]) + (c[1] + c[3]);
    out[3] = (d[0] + d[2]) + (d[1] + d[3]);
}

/* Integers, bytes and pairs of bfloat16: the panels. Lanes are little-endian. */

typedef int32_t vi __attribute__((vector_size(16)));
typedef int16_t vi16 __attribute__((vector_size(16)));
typedef uint16_t vu16x8 __attribute__((vector_size(16)));
typedef uint8_t vu8x16 __attribute__((vector_size(16)));

static inline vi vi_set(int32_t x) { return (vi){x, x, x, x}; }

static inline vi vi_load(const void *p)
{
    vi v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline vi vi_add(vi a, vi b) { return (vi)((vu32)a + (vu32)b); } /* modulo 2^32, which signed ones are not */

static inline vi vi_max(vi a, vi b)
{
    const vi greater = a > b;
    return (a & greater) | (b & ~greater);
}

static inline int32_t vi_reduce_add(vi a) { return a[0] + a[1] + a[2] + a[3]; }

static inline int32_t vi_reduce_max(vi a)
{
    const int32_t low = a[0] > a[1] ? a[0] : a[1], high = a[2] > a[3] ? a[2] : a[3];
    return low > high ? low : high;
}

static inline vf vi_to_float(vi a) { return __builtin_convertvector(a, vf); }

/* For |a| < 2^22: adding 1.5 * 2^23 leaves no bits for a fraction, and the sum is rounded to nearest even. */
static inline vi vf_round(vf a) { return (vi)(a + vf_set(12582912.0f)) - vi_set(0x4B400000); }

static inline vi vf_magnitude_bits(vf a) { return (vi)a & vi_set(0x7FFFFFFF); }

static inline void vi_store_bytes(void *p, vi a)
{
    const int8_t bytes[4] = {(int8_t)a[0], (int8_t)a[1], (int8_t)a[2], (int8_t)a[3]};
    memcpy(p, bytes, sizeof bytes);
}

static inline vi vi_low_nibbles(vi a) { return a & vi_set(0x0F0F0F0F); }

static inline vi vi_high_nibbles(vi a) { return (vi)((vu8x16)a >> 4); }

static inline vf vf_load_even(const void *p) { return (vf)((vu32)vi_load(p) << 16); }

static inline vf vf_load_odd(const void *p) { return (vf)(vi_load(p) & vi_set((int32_t)0xFFFF0000)); }

/* The sum of both halves of each lane. */
static inline vi vi_add_halves(vi a) { return ((vi)((vu32)a << 16) >> 16) + (a >> 16); }

/* A product of bytes fits 16 bits: 255 * 127. */
static inline vi vi_dot(vi sum, vi w, vi x)
{
    const vi16 even = ((vi16)w & 255) * ((vi16)((vu16x8)x << 8) >> 8);
    const vi16 odd = (vi16)((vu16x8)w >> 8) * ((vi16)x >> 8);
    return sum + vi_add_halves((vi)even) + vi_add_halves((vi)odd);
}

static inline vi vi_nibble_start(vi start)
{
    (void)start;
    return vi_set(0);
}

/* 16 bits: 8 * 2 * 15 * 127 = 30480. More than eight wrap around, as vectors of the CPU do: the probe goes on and
   on. */
static inline vi vi_nibble_dot(vi sum, vi w, vi x)
{
    const vi16 even = ((vi16)w & 255) * ((vi16)((vu16x8)x << 8) >> 8);
    const vi16 odd = (vi16)((vu16x8)w >> 8) * ((vi16)x >> 8);
    return (vi)((vu16x8)sum + (vu16x8)even + (vu16x8)odd);
}

static inline vi vi_nibble_end(vi sum, vi start) { return start + vi_add_halves(sum); }

static inline vi vi_count(void) { return (vi){0, 1, 2, 3}; }

static inline vi vi_mul(vi a, vi b) { return (vi)((vu32)a * (vu32)b); }

static inline vi vi_xor(vi a, vi b) { return a ^ b; }

static inline vi vi_shift_left(vi a, int n) { return (vi)((vu32)a << n); }

static inline vi vi_shift_right(vi a, int n) { return (vi)((vu32)a >> n); }

static inline vi vf_bits(vf a) { return (vi)a; }

static inline vf vi_float(vi a) { return (vf)a; }

static inline vi vf_truncate(vf a) { return __builtin_convertvector(a, vi); }

static inline uint32_t vf_equal(vf a, vf b)
{
    const vi same = (vi)(a == b) & (vi){1, 2, 4, 8};
    return (uint32_t)vi_reduce_add(same);
}

static inline uint32_t vf_at_least(vf a, vf b)
{
    const vi reached = (vi)(a >= b) & (vi){1, 2, 4, 8};
    return (uint32_t)vi_reduce_add(reached);
}

static inline vi vi_where_at_least(vf a, vf b, vi v) { return (vi)(a >= b) & v; }

typedef uint64_t vl __attribute__((vector_size(16)));

static inline vl vl_zero(void) { return (vl){0, 0}; }

static inline vl vl_add_lanes(vl sum, vi v) { return sum + ((vl)v & 0xFFFFFFFF) + ((vl)v >> 32); }

static inline uint64_t vl_reduce(vl a) { return a[0] + a[1]; }

#if defined(__x86_64__) || defined(__i386__)
#define VECTOR_REGISTER "+x"
#elif defined(__aarch64__) || defined(__ARM_NEON)
#define VECTOR_REGISTER "+w"
#else
#define VECTOR_REGISTER "+m"
#endif

static inline void vf_hide(vf *a) { __asm__ volatile("" : VECTOR_REGISTER(*a)); }

static inline void vi_hide(vi *a) { __asm__ volatile("" : VECTOR_REGISTER(*a)); }

#endif
