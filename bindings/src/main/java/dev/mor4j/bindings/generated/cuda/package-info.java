/**
 * What jextract makes of {@code native/include/mor4j_cuda.h}, the CUDA runtime, cuBLAS and
 * cuBLASLt; made anew by {@code bindings/regenerate}, never edited. Used by the facades only.
 */
package dev.mor4j.bindings.generated.cuda;
