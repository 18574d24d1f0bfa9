/**
 * How a command talks to the process around it: its streams, exit codes and signals, and how it
 * writes sizes, numbers and JSON. Nothing here knows of models.
 */
package dev.mor4j.cli.terminal;
