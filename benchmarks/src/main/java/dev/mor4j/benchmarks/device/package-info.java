/**
 * Benchmarks of a GPU, with goldens and facts about the device. {@code scripts/gpu-check} runs them
 * and makes its report from their JSON.
 */
package dev.mor4j.benchmarks.device;
