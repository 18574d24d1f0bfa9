/**
 * The load generator of {@code mor4j bench-serve}: a plan of requests that follows from a seed, the
 * targets that they are sent to, and what is measured on the way. It writes nothing anywhere; the
 * command around it does. Times are nanoseconds of {@link System#nanoTime()} unless a name says
 * otherwise.
 */
package dev.mor4j.cli.load;
