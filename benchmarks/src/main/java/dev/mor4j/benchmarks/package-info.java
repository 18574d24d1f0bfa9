/**
 * JMH benchmarks of the runtime: {@link dev.mor4j.benchmarks.run.PrefillBenchmark}, {@link
 * dev.mor4j.benchmarks.run.DecodeBenchmark}. Start with {@link dev.mor4j.benchmarks.Benchmarks}.
 *
 * <p>How to read the figures. Scores are tokens per second of one sequence. Decoding reads every
 * weight of the layers that a token passes, so it is bound by memory: compare {@code GB/s} with
 * what the machine's memory gives, and a MoR model with the vanilla one through {@code depth}, the
 * mean number of recursions. Prefill uses each weight for many tokens and is bound by arithmetic:
 * compare {@code GFLOP/s}. Models with random weights have the speed of trained ones, not their
 * text; their depths are spread as the capacities say (see {@link
 * dev.mor4j.benchmarks.setup.RoutedDepths}).
 */
package dev.mor4j.benchmarks;
