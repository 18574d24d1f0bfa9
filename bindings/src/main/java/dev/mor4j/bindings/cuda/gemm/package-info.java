/** Matrix products by cuBLASLt ({@link dev.mor4j.bindings.cuda.gemm.CublasLt}). */
package dev.mor4j.bindings.cuda.gemm;
