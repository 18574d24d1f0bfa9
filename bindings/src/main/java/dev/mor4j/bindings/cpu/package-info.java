/**
 * The CPU kernels of {@code native/include/mor4j.h}: the library ({@link
 * dev.mor4j.bindings.cpu.CpuLibrary}), a context with its threads ({@link
 * dev.mor4j.bindings.cpu.CpuContext}), and the C structures that describe weights and passes.
 *
 * <p>Callers own all memory and keep it alive for the length of a call. Nothing here allocates
 * during a call.
 */
package dev.mor4j.bindings.cpu;
