/** Races of what calls into native code share; see the profile {@code jcstress}. */
package dev.mor4j.bindings.cpu;
