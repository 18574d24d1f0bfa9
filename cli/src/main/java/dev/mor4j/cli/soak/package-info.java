/**
 * {@code bench-serve --soak}: a server under mixed load for a long time, and what it must not do.
 */
package dev.mor4j.cli.soak;
