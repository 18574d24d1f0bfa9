/**
 * The results of {@code mor4j bench-serve} as tables, JSON and pages, and the engine or server that
 * they are about.
 */
package dev.mor4j.cli.load.report;
