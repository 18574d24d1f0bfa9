/* The table of the kernels of one instruction set. */
#include "kernels/kernels.h"

#include "isa/isa.h"

#if defined(MOR4J_BUILD_AVX512)
#define TABLE_ISA MOR4J_ISA_AVX512
#elif defined(MOR4J_BUILD_AVX2)
#define TABLE_ISA MOR4J_ISA_AVX2
#else
#define TABLE_ISA MOR4J_ISA_PORTABLE
#endif

void MOR4J_KERNEL(matmul)(const mor4j_product *, mor4j_range, mor4j_range);
void MOR4J_KERNEL(rmsnorm)(const float *, const mor4j_matrix *, float, float *);
void MOR4J_KERNEL(rope)(const float *, const float *, int32_t, float *);
void MOR4J_KERNEL(attention)(const mor4j_attention *, mor4j_range, mor4j_range);
void MOR4J_KERNEL(silu_multiply)(float *, const float *, int64_t);
void MOR4J_KERNEL(gelu)(float *, int64_t);
void MOR4J_KERNEL(widen_row)(const mor4j_matrix *, int64_t, float *);
void MOR4J_KERNEL(add_scaled)(float *, const float *, float, int64_t);
void MOR4J_KERNEL(divide)(const float *, float, float *, int64_t);
void MOR4J_KERNEL(exponential)(const float *, float *, int64_t);

const mor4j_kernels MOR4J_KERNEL(table) = {
    .isa = TABLE_ISA,
    .matmul = MOR4J_KERNEL(matmul),
    .rmsnorm = MOR4J_KERNEL(rmsnorm),
    .rope = MOR4J_KERNEL(rope),
    .attention = MOR4J_KERNEL(attention),
    .silu_multiply = MOR4J_KERNEL(silu_multiply),
    .gelu = MOR4J_KERNEL(gelu),
    .widen_row = MOR4J_KERNEL(widen_row),
    .add_scaled = MOR4J_KERNEL(add_scaled),
    .divide = MOR4J_KERNEL(divide),
    .exponential = MOR4J_KERNEL(exponential),
};
