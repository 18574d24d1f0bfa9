/**
 * A device as the runtime uses it: its context ({@link dev.mor4j.bindings.cuda.CudaContext}) and
 * what the context owns, which is memory, streams, events and graphs.
 *
 * <p>Device memory is an address and a size, never a segment that the JVM could dereference. An
 * address becomes a pointer only where a C function or structure takes it. What is enqueued
 * outlives the call that enqueued it, so callers keep its memory until the stream is synchronised
 * or an event that was recorded after it is done.
 *
 * <p>The packages below depend on each other in one direction: {@code status}, {@code library},
 * this one, {@code kernel}, {@code gemm}.
 */
package dev.mor4j.bindings.cuda;
