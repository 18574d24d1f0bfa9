/**
 * Weights in panels, as the kernels read them: what takes how many bytes, packing 16 rows at a
 * time, and reading rows back. The one place in Java that knows the layout that {@code mor4j.h}
 * defines.
 */
package dev.mor4j.runtime.packing;
