/**
 * Finds and loads CUDA's libraries and our kernels, and keeps what was tried and why it failed
 * ({@link dev.mor4j.bindings.cuda.library.CudaLibraries}).
 */
package dev.mor4j.bindings.cuda.library;
