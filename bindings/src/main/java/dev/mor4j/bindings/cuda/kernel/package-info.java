/**
 * The launchers of {@code native/include/mor4j_cuda.h} ({@link
 * dev.mor4j.bindings.cuda.kernel.CudaKernels}), with a record for the arguments of each and the
 * entries of the tables that kernels read.
 */
package dev.mor4j.bindings.cuda.kernel;
