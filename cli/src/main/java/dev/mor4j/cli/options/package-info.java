/**
 * Groups of command-line options that commands mix in. Picocli sets their fields; each group checks
 * its values and turns them into the options of the runtime, the server or the load generator. A
 * wrong value is a {@link dev.mor4j.cli.terminal.UsageException}.
 */
package dev.mor4j.cli.options;
