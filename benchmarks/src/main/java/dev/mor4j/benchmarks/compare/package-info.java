/**
 * Comparisons side by side: ways of batching, number types of the KV cache, and other engines,
 * whose adapters are in {@link dev.mor4j.benchmarks.peers}.
 */
package dev.mor4j.benchmarks.compare;
