/**
 * CUDA as the runtime uses it: the libraries ({@link dev.mor4j.bindings.cuda.CudaLibraries}), a
 * device's context ({@link dev.mor4j.bindings.cuda.CudaContext}) and what belongs to it (memory,
 * streams, events, graphs, cuBLASLt), and the launchers of {@code native/include/mor4j_cuda.h}
 * ({@link dev.mor4j.bindings.cuda.CudaKernels}).
 *
 * <p>Device memory is an address and a size, never a segment that the JVM could dereference; an
 * address becomes a pointer only where a C function or structure takes it. Everything that is
 * enqueued outlives the call that enqueued it: callers keep its memory until the stream is
 * synchronised or an event recorded after it is done.
 */
package dev.mor4j.bindings.cuda;
