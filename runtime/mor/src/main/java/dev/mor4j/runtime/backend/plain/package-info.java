/**
 * The operations in plain Java, without native code: the slow, obvious twin of the kernels. The
 * tests hold every other backend against it, and it computes where no native library fits.
 */
package dev.mor4j.runtime.backend.plain;
