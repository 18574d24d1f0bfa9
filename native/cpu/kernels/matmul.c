/* y [rows, outs] = x w^T for every number type: which kernel multiplies it. */
#include "isa/isa.h"
#include "kernels/kernels.h"

void MOR4J_KERNEL(matmul_rows)(const mor4j_product *, mor4j_range, mor4j_range);
void MOR4J_KERNEL(matmul_bf16)(const mor4j_product *, mor4j_range, mor4j_range);
void MOR4J_KERNEL(matmul_int8)(const mor4j_product *, mor4j_range, mor4j_range);
void MOR4J_KERNEL(matmul_int4)(const mor4j_product *, mor4j_range, mor4j_range);

void MOR4J_KERNEL(matmul)(const mor4j_product *product, mor4j_range rows, mor4j_range outs)
{
    switch (product->w->dtype) {
    case MOR4J_BF16_PANELS: MOR4J_KERNEL(matmul_bf16)(product, rows, outs); break;
    case MOR4J_INT8_PANELS: MOR4J_KERNEL(matmul_int8)(product, rows, outs); break;
    case MOR4J_INT4_PANELS: MOR4J_KERNEL(matmul_int4)(product, rows, outs); break;
    default: MOR4J_KERNEL(matmul_rows)(product, rows, outs);
    }
}
