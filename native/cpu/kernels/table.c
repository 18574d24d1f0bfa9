/* The table of the kernels of one instruction set. */
#include "kernels/kernels.h"

#include "isa/isa.h"

#if defined(MOR4J_BUILD_BF16)
#define TABLE_ISA MOR4J_ISA_AVX512_BF16
#elif defined(MOR4J_BUILD_VNNI)
#define TABLE_ISA MOR4J_ISA_AVX512_VNNI
#elif defined(MOR4J_BUILD_AVX512)
#define TABLE_ISA MOR4J_ISA_AVX512
#elif defined(MOR4J_BUILD_AVX2)
#define TABLE_ISA MOR4J_ISA_AVX2
#else
#define TABLE_ISA MOR4J_ISA_PORTABLE
#endif

void MOR4J_KERNEL(matmul)(const mor4j_product *, mor4j_range, mor4j_range);
void MOR4J_KERNEL(encode)(const float *, int64_t, int32_t, void *);
void MOR4J_KERNEL(rmsnorm)(const float *, const mor4j_matrix *, float, float *);
void MOR4J_KERNEL(rope)(const float *, const float *, int32_t, float *);
void MOR4J_KERNEL(store_kv)(const float *, const float *, int32_t, int32_t, int32_t, void *);
void MOR4J_KERNEL(attention)(const mor4j_attention *, mor4j_range, mor4j_range);
void MOR4J_KERNEL(attention_segment)(const mor4j_attention *, int64_t, mor4j_range, int64_t);
void MOR4J_KERNEL(attention_merge)(const mor4j_attention *, int64_t, mor4j_range);
void MOR4J_KERNEL(silu_multiply)(float *, const float *, int64_t);
void MOR4J_KERNEL(gelu)(float *, int64_t);
void MOR4J_KERNEL(widen_row)(const mor4j_matrix *, int64_t, float *);
void MOR4J_KERNEL(add_scaled)(float *, const float *, float, int64_t);
void MOR4J_KERNEL(divide)(const float *, float, float *, int64_t);
void MOR4J_KERNEL(exponential)(const float *, float *, int64_t);
int32_t MOR4J_KERNEL(choose)(const float *, int64_t, const mor4j_sampling *);
int64_t MOR4J_KERNEL(multiply_adds)(int32_t, int64_t);
uint64_t MOR4J_KERNEL(read)(const void *, int64_t);

const mor4j_kernels MOR4J_KERNEL(table) = {
    .isa = TABLE_ISA,
    .matmul = MOR4J_KERNEL(matmul),
    .encode = MOR4J_KERNEL(encode),
    .rmsnorm = MOR4J_KERNEL(rmsnorm),
    .rope = MOR4J_KERNEL(rope),
    .store_kv = MOR4J_KERNEL(store_kv),
    .attention = MOR4J_KERNEL(attention),
    .attention_segment = MOR4J_KERNEL(attention_segment),
    .attention_merge = MOR4J_KERNEL(attention_merge),
    .silu_multiply = MOR4J_KERNEL(silu_multiply),
    .gelu = MOR4J_KERNEL(gelu),
    .widen_row = MOR4J_KERNEL(widen_row),
    .add_scaled = MOR4J_KERNEL(add_scaled),
    .divide = MOR4J_KERNEL(divide),
    .exponential = MOR4J_KERNEL(exponential),
    .choose = MOR4J_KERNEL(choose),
    .multiply_adds = MOR4J_KERNEL(multiply_adds),
    .read = MOR4J_KERNEL(read),
};
