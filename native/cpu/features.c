/* What this CPU and its operating system offer, and the kernels that go with it. */
#include <stddef.h>

#include "kernels/kernels.h"

#ifdef MOR4J_X86
#include <cpuid.h>

typedef struct registers {
    uint32_t a, b, c, d;
} registers;

static registers ask(uint32_t leaf, uint32_t subleaf)
{
    registers r = {0, 0, 0, 0};
    if (__get_cpuid_max(0, NULL) >= leaf) __cpuid_count(leaf, subleaf, r.a, r.b, r.c, r.d);
    return r;
}

/* Which registers the system saves: without that an instruction is there and must not be used. */
static uint64_t saved_state(void)
{
    if ((ask(1, 0).c >> 27 & 1) == 0) return 0; /* OSXSAVE */
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool all_of(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

uint64_t mor4j_cpu_features(void)
{
    const uint64_t state = saved_state();
    const bool ymm = (state & 0x6) == 0x6, zmm = (state & 0xE6) == 0xE6, tiles = (state & 0x60000) == 0x60000;
    const registers basic = ask(1, 0), extended = ask(7, 0), more = ask(7, 1);
    const bool avx512 = zmm && all_of(extended.b, 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31); /* F, DQ, BW, VL */
    const bool amx = tiles && all_of(extended.d, 1u << 24);
    uint64_t features = 0;
    if (ymm && all_of(extended.b, 1u << 5)) features |= MOR4J_CPU_AVX2;
    if (ymm && all_of(basic.c, 1u << 12)) features |= MOR4J_CPU_FMA;
    if (avx512) features |= MOR4J_CPU_AVX512;
    if (avx512 && all_of(extended.c, 1u << 11)) features |= MOR4J_CPU_AVX512_VNNI;
    if (avx512 && all_of(more.a, 1u << 5)) features |= MOR4J_CPU_AVX512_BF16;
    if (ymm && all_of(more.a, 1u << 4)) features |= MOR4J_CPU_AVX_VNNI;
    if (amx && all_of(extended.d, 1u << 25)) features |= MOR4J_CPU_AMX_INT8;
    if (amx && all_of(extended.d, 1u << 22)) features |= MOR4J_CPU_AMX_BF16;
    return features;
}

const mor4j_kernels *mor4j_kernels_of(int32_t isa)
{
    const uint64_t avx2 = MOR4J_CPU_AVX2 | MOR4J_CPU_FMA, avx512 = avx2 | MOR4J_CPU_AVX512;
    const struct {
        const mor4j_kernels *kernels;
        uint64_t needs;
    } all[] = {{&mor4j_table_portable, 0},
               {&mor4j_table_avx2, avx2},
               {&mor4j_table_avx512, avx512},
               {&mor4j_table_avx512_vnni, avx512 | MOR4J_CPU_AVX512_VNNI},
               {&mor4j_table_avx512_bf16, avx512 | MOR4J_CPU_AVX512_VNNI | MOR4J_CPU_AVX512_BF16}};
    if (isa < MOR4J_ISA_PORTABLE || isa > MOR4J_ISA_AVX512_BF16) return NULL;
    return (mor4j_cpu_features() & all[isa].needs) == all[isa].needs ? all[isa].kernels : NULL;
}

#else

uint64_t mor4j_cpu_features(void) { return 0; }

const mor4j_kernels *mor4j_kernels_of(int32_t isa) { return isa == MOR4J_ISA_PORTABLE ? &mor4j_table_portable : NULL; }

#endif

int32_t mor4j_best_isa(void)
{
    int32_t isa = MOR4J_ISA_AVX512_BF16;
    while (mor4j_kernels_of(isa) == NULL) isa--;
    return isa;
}
