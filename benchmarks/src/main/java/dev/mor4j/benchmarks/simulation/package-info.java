/**
 * The scheduler on backends that compute nothing: what it costs by itself, and what depth-wise
 * batching gains on machines with another balance of arithmetic and memory.
 */
package dev.mor4j.benchmarks.simulation;
