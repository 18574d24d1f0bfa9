/**
 * What every benchmark needs: model folders, which are made at their first use and kept, prompts,
 * the rates of the machine, and the figures beside JMH's scores.
 */
package dev.mor4j.benchmarks.setup;
