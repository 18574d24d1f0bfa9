/**
 * How native libraries get into this JVM: settings, files, and the copies packed in the {@code
 * mor4j-native} jar. Shared by the facades of the CPU and the CUDA kernels; not exported.
 */
package dev.mor4j.bindings.library;
