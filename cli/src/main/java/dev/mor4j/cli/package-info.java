/**
 * The command line: one class a command; {@link dev.mor4j.cli.Main} finds it and maps what goes
 * wrong to exit codes.
 */
package dev.mor4j.cli;
