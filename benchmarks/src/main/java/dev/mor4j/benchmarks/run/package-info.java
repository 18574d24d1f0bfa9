/** What JMH measures: prompts, decoding, steps of an engine, and the scheduler by itself. */
package dev.mor4j.benchmarks.run;
