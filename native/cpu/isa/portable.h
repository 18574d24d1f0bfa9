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
static inline vf vf_widen(vu16 narrow)
{
    return (vf)(__builtin_convertvector(narrow, vu32) << 16);
}

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

#endif
