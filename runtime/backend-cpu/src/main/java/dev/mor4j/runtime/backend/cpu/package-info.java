/**
 * The C kernels behind the seam ({@link dev.mor4j.runtime.backend.cpu.NativeBackend}), and what
 * they say of this machine ({@link dev.mor4j.runtime.backend.cpu.CpuMachine}, {@link
 * dev.mor4j.runtime.backend.cpu.CpuProbe}). Nothing above names the bindings.
 */
package dev.mor4j.runtime.backend.cpu;
